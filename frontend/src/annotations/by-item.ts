import type { Annotation } from "./queries";

/** The annotations of one file. */
export interface Marked {
  readonly key: string;
  readonly first: Annotation;
  readonly annotations: readonly Annotation[];
}

/** Puts those of one file together, each file where its first annotation stands. */
export function byItem(annotations: readonly Annotation[]): readonly Marked[] {
  const groups = new Map<string, { readonly key: string; readonly first: Annotation; readonly annotations: Annotation[] }>();
  for (const annotation of annotations) {
    const key = `${annotation.driveId} ${annotation.itemId}`;
    const group = groups.get(key);
    if (group) group.annotations.push(annotation);
    else groups.set(key, { key, first: annotation, annotations: [annotation] });
  }
  return [...groups.values()];
}
