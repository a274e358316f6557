/** The place in SharePoint that the address names. */
export interface SharePointSearch {
  readonly site?: string;
  readonly drive?: string;
  /** A folder of the drive; its root unless given. */
  readonly folder?: string;
  /** The file that is shown beside the list. */
  readonly file?: string;
  /** Words to search for. */
  readonly q?: string;
}

const NAMES = ["site", "drive", "folder", "file", "q"] as const;

/** What cannot be read is left out. */
export function sharePointSearch(search: Record<string, unknown>): SharePointSearch {
  const words = NAMES.flatMap((name) => {
    const value = search[name];
    return typeof value === "string" && value !== "" ? [[name, value] as const] : [];
  });
  return Object.fromEntries(words);
}
