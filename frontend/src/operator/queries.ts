import { data, type components } from "@tenantry/client";
import { keepPreviousData, queryOptions, type QueryClient } from "@tanstack/react-query";

import { api } from "../lib/api";
import { PAGE_SIZE, offsetOf } from "../lib/pages";

export type Tenant = components["schemas"]["Tenant"];
export type TenantDetail = components["schemas"]["TenantDetail"];
export type Invitation = components["schemas"]["Invitation"];
export type NewInvitation = components["schemas"]["NewInvitation"];
export type Finding = components["schemas"]["HealthFinding"];

export const TENANTS = ["operator", "organizations"];
export const INVITATIONS = ["operator", "invitations"];

const LISTS = [...TENANTS, "lists"];
const LOOKS = ["operator", "looks"];

/** A page of the organizations that fit. */
export const tenantsQuery = (filter: string, page: number) =>
  queryOptions({
    queryKey: [...LISTS, filter, page],
    queryFn: () => {
      const query = { limit: PAGE_SIZE, offset: offsetOf(page), ...(filter === "" ? {} : { filter }) };
      return data(api.GET("/api/admin/tenants", { params: { query } }));
    },
    placeholderData: keepPreviousData,
  });

/** What the lists that were shown say of an organization, so that it is there at once. */
function listed(queries: QueryClient, id: string): Tenant | undefined {
  const lists = queries.getQueriesData<components["schemas"]["TenantList"]>({ queryKey: LISTS });
  return lists.flatMap(([, list]) => list?.items ?? []).find((tenant) => tenant.id === id);
}

/** What the list says of one organization; `null` where there is none. No look into it, so it needs no reason. */
export const tenantQuery = (queries: QueryClient, id: string) =>
  queryOptions({
    queryKey: [...TENANTS, "one", id],
    queryFn: async () => {
      const { items } = await data(api.GET("/api/admin/tenants", { params: { query: { limit: 1, filter: id } } }));
      return items.find((tenant) => tenant.id === id) ?? null;
    },
    placeholderData: () => listed(queries, id),
  });

/** A look into one organization, which is written down there with the reason; so it is made once, and not by itself. */
export const lookQuery = (organizationId: string, reason: string) =>
  queryOptions({
    queryKey: [...LOOKS, organizationId, reason],
    queryFn: () =>
      data(api.GET("/api/admin/tenants/{organizationId}", { params: { path: { organizationId }, query: { reason } } })),
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  });

/** Shows a change wherever the organization is shown, without another look into it. */
export async function changed(queries: QueryClient, tenant: Tenant, suspendedReason: string | null): Promise<void> {
  queries.setQueryData(tenantQuery(queries, tenant.id).queryKey, tenant);
  queries.setQueriesData<TenantDetail>({ queryKey: [...LOOKS, tenant.id] }, (detail) => detail && { ...detail, ...tenant, suspendedReason });
  await queries.invalidateQueries({ queryKey: TENANTS });
}

export const invitationsQuery = (page: number) =>
  queryOptions({
    queryKey: [...INVITATIONS, page],
    queryFn: () => data(api.GET("/api/admin/invitations", { params: { query: { limit: PAGE_SIZE, offset: offsetOf(page) } } })),
    placeholderData: keepPreviousData,
  });

/** Looked at again while it is shown; the service itself looks no more often than that. */
export const healthQuery = queryOptions({
  queryKey: ["operator", "health"],
  queryFn: () => data(api.GET("/api/admin/health")),
  refetchInterval: 15_000,
});
