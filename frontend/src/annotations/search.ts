import type { AnnotationFilter } from "./queries";

const NAMES = ["driveId", "itemId", "termId"] as const;

/** What cannot be read is left out; a file is named by both of its ids. */
export function annotationSearch(search: Record<string, unknown>): AnnotationFilter {
  const [driveId, itemId, termId] = NAMES.map((name) => {
    const value = search[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  });
  return {
    ...(driveId !== undefined && itemId !== undefined ? { driveId, itemId } : {}),
    ...(termId !== undefined ? { termId } : {}),
  };
}
