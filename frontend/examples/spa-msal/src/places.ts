import { data, tenantry } from "@tenantry/client";
import { msal } from "@tenantry/client/msal";

import { application } from "./session";
import { settings } from "./settings";

// The client gets tokens from MSAL. When the service passes on that Microsoft wants more of the person (a second factor,
// say), it asks MSAL again with those claims, and repeats the request: nothing in this file has to know.
const credential = msal(application, { scopes: [settings.scope] });
const api = tenantry({ baseUrl: settings.baseUrl, credential });

/** Something to look into, or to fetch. */
export interface Place {
  readonly name: string;
  /** What is in it, a page at a time; absent for a file. */
  readonly open?: (cursor?: string) => Promise<Places>;
  /** The bytes of a file. */
  readonly download?: () => Promise<Blob>;
}

export interface Places {
  readonly places: Place[];
  readonly next: string | null;
}

const page = (cursor: string | undefined) => (cursor === undefined ? {} : { cursor });

export async function me(): Promise<string> {
  const { data: caller } = await data(api.GET("/api/auth/me"));
  return `${caller.displayName ?? caller.id}, ${caller.organization.name}`;
}

/** Every site that the person may see. */
export const everything: Place = {
  name: "Sites",
  async open(cursor) {
    const query = { search: "*", ...page(cursor) };
    const sites = await data(api.GET("/api/sharepoint/sites", { params: { query } }));
    return { places: sites.data.map((site) => ({ name: site.displayName ?? site.id, open: drives(site.id) })), next: sites.nextCursor };
  },
};

function drives(siteId: string) {
  return async (cursor?: string): Promise<Places> => {
    const params = { path: { siteId }, query: page(cursor) };
    const found = await data(api.GET("/api/sharepoint/sites/{siteId}/drives", { params }));
    return { places: found.data.map((drive) => ({ name: drive.name ?? drive.id, open: items(drive.id, "root") })), next: found.nextCursor };
  };
}

function items(driveId: string, itemId: string) {
  return async (cursor?: string): Promise<Places> => {
    const params = { path: { driveId, itemId }, query: page(cursor) };
    const found = await data(api.GET("/api/sharepoint/drives/{driveId}/items/{itemId}/children", { params }));
    const places = found.data.map((item): Place => {
      const name = item.name ?? item.id;
      return item.type === "folder" ? { name, open: items(driveId, item.id) } : { name, download: content(driveId, item.id) };
    });
    return { places, next: found.nextCursor };
  };
}

function content(driveId: string, itemId: string) {
  return async (): Promise<Blob> => {
    const params = { path: { driveId, itemId } };
    return (await data(
      api.GET("/api/sharepoint/drives/{driveId}/items/{itemId}/content", { params, parseAs: "blob" }),
    )) as unknown as Blob;
  };
}
