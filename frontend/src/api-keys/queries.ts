import { data } from "@tenantry/client";
import { queryOptions } from "@tanstack/react-query";

import { api } from "../lib/api";
import { at } from "../lib/list-page";

export const API_KEYS = ["api-keys"];

export const keysPage = (cursor: string | undefined) => data(api.GET("/api/api-keys", { params: { query: at(cursor) } }));

export const keyQuery = (apiKeyId: string) =>
  queryOptions({
    queryKey: [...API_KEYS, "one", apiKeyId],
    queryFn: async () => (await data(api.GET("/api/api-keys/{apiKeyId}", { params: { path: { apiKeyId } } }))).data,
  });

export const usesPage = (apiKeyId: string) => (cursor: string | undefined) =>
  data(api.GET("/api/api-keys/{apiKeyId}/usage", { params: { path: { apiKeyId }, query: at(cursor) } }));
