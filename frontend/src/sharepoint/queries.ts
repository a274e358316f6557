import { data, type components } from "@tenantry/client";
import { queryOptions, type QueryClient } from "@tanstack/react-query";

import { api } from "../lib/api";
import { everyRow, at } from "../lib/list-page";
import { folderWay } from "./way";

export type Site = components["schemas"]["Site"];
export type Drive = components["schemas"]["Drive"];
export type DriveItem = components["schemas"]["DriveItem"];

/** Microsoft is asked again sooner than never, and not with every click. */
const staleTime = 60_000;

export const sitesPage = (search: string) => (cursor: string | undefined) =>
  data(api.GET("/api/sharepoint/sites", { params: { query: { search: search === "" ? "*" : search, limit: 24, ...at(cursor) } } }));

/** The document libraries of a site: a handful. */
export const drivesQuery = (siteId: string) =>
  queryOptions({
    queryKey: ["sharepoint", "drives", siteId],
    queryFn: () =>
      everyRow((cursor) =>
        data(api.GET("/api/sharepoint/sites/{siteId}/drives", { params: { path: { siteId }, query: { limit: 100, ...at(cursor) } } })),
      ),
    staleTime,
  });

export const itemQuery = (driveId: string, itemId: string) =>
  queryOptions({
    queryKey: ["sharepoint", "item", driveId, itemId],
    queryFn: async () =>
      (await data(api.GET("/api/sharepoint/drives/{driveId}/items/{itemId}", { params: { path: { driveId, itemId } } }))).data,
    staleTime,
  });

/** The folders down to this one. */
export const wayQuery = (queries: QueryClient, driveId: string, folder: string) =>
  queryOptions({
    queryKey: ["sharepoint", "way", driveId, folder],
    queryFn: () => folderWay(folder, (id) => queries.fetchQuery(itemQuery(driveId, id))),
    staleTime,
  });

export const childrenPage = (driveId: string, itemId: string) => (cursor: string | undefined) =>
  data(
    api.GET("/api/sharepoint/drives/{driveId}/items/{itemId}/children", {
      params: { path: { driveId, itemId }, query: { limit: 50, ...at(cursor) } },
    }),
  );

export const hitsPage = (driveId: string, q: string) => (cursor: string | undefined) =>
  data(api.GET("/api/sharepoint/drives/{driveId}/search", { params: { path: { driveId }, query: { q, limit: 50, ...at(cursor) } } }));

/** Where the bytes of a file are, for a link. */
export function contentUrl(driveId: string, id: string): string {
  return `/api/sharepoint/drives/${encodeURIComponent(driveId)}/items/${encodeURIComponent(id)}/content`;
}
