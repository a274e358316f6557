import type { components } from "@tenantry/client";

type DriveItem = components["schemas"]["DriveItem"];

/** Deeper than SharePoint's limit of 400 characters in a path lets people nest in practice. */
const DEEPEST = 60;

/** The folders from below the drive's root down to a folder, the folder included. */
export async function folderWay(folder: string, item: (id: string) => Promise<DriveItem>): Promise<DriveItem[]> {
  const way: DriveItem[] = [];
  let id: string | null = folder;
  while (id !== null && way.length < DEEPEST) {
    const here: DriveItem = await item(id);
    if (here.parentId === null) break;
    way.unshift(here);
    id = here.parentId;
  }
  return way;
}

/** The name of a site as its address has it, for when nothing better is known: `marketing`, or the host's name. */
export function siteNameOf(webUrl: string | null | undefined): string | undefined {
  if (webUrl == null || !URL.canParse(webUrl)) return undefined;
  const { hostname, pathname } = new URL(webUrl);
  const [collection, name] = pathname.split("/").filter((part) => part !== "");
  const named = (collection === "sites" || collection === "teams" || collection === "personal") && name !== undefined;
  return named ? decodeURIComponent(name) : hostname.split(".")[0];
}
