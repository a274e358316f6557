import { data } from "@tenantry/client";

import { api } from "../lib/api";
import { at } from "../lib/list-page";

export const CONNECTIONS = ["connections"];

/** Whose connections to list. */
export interface ConnectionFilter {
  readonly userId?: string;
  readonly email?: string;
}

export const connectionsPage = (filter: ConnectionFilter) => (cursor: string | undefined) =>
  data(api.GET("/api/connections", { params: { query: { ...filter, ...at(cursor) } } }));

/** Where an account is connected; the person comes back to `path`. */
export function connectUrl(path: string): string {
  return `/api/oauth/microsoft/start?${new URLSearchParams({ connect: "true", return_to: path })}`;
}
