import { data, type components } from "@tenantry/client";
import { queryOptions } from "@tanstack/react-query";

import { api } from "../lib/api";
import { at, everyRow } from "../lib/list-page";

export type Annotation = components["schemas"]["Annotation"];
export type Taxonomy = components["schemas"]["Taxonomy"];
export type Term = components["schemas"]["Term"];

export const ANNOTATIONS = ["annotations"];
export const TAXONOMIES = ["taxonomies"];

/** What an annotation marks. */
export interface ItemRef {
  readonly siteId: string;
  readonly driveId: string;
  readonly itemId: string;
}

/** Which annotations to list. */
export interface AnnotationFilter {
  readonly driveId?: string;
  readonly itemId?: string;
  readonly termId?: string;
}

export const annotationsPage = (filter: AnnotationFilter, expand: boolean) => (cursor: string | undefined) =>
  data(api.GET("/api/annotations", { params: { query: { ...filter, ...(expand ? { expand: "item" as const } : {}), ...at(cursor) } } }));

export interface Vocabulary {
  readonly taxonomies: readonly { readonly taxonomy: Taxonomy; readonly terms: readonly Term[] }[];
  /** The words of each term by its id. */
  readonly labels: ReadonlyMap<string, string>;
}

/** All taxonomies with all their terms. */
export const vocabularyQuery = queryOptions({
  queryKey: [...TAXONOMIES, "vocabulary"],
  queryFn: async (): Promise<Vocabulary> => {
    const found = await everyRow((cursor) => data(api.GET("/api/taxonomies", { params: { query: { limit: 200, ...at(cursor) } } })));
    const taxonomies = await Promise.all(
      found.map(async (taxonomy) => {
        const path = { taxonomyId: taxonomy.id };
        const terms = await everyRow((cursor) =>
          data(api.GET("/api/taxonomies/{taxonomyId}/terms", { params: { path, query: { limit: 200, ...at(cursor) } } })),
        );
        return { taxonomy, terms };
      }),
    );
    const labels = new Map(taxonomies.flatMap(({ terms }) => terms.map((term) => [term.id, term.label] as const)));
    return { taxonomies, labels };
  },
  staleTime: 60_000,
});

/** Somebody's name, for what they have written. */
export const memberQuery = (userId: string) =>
  queryOptions({
    queryKey: ["members", "one", userId],
    queryFn: async () => (await data(api.GET("/api/members/{userId}", { params: { path: { userId } } }))).data,
    staleTime: 300_000,
    retry: false,
  });
