import { data, type components } from "@tenantry/client";
import { queryOptions } from "@tanstack/react-query";

import { api } from "../lib/api";

export type Organization = components["schemas"]["Organization"];

/** The organization of the person who is signed in, and the version of it for a change. */
export const organizationQuery = queryOptions({
  queryKey: ["organization"],
  queryFn: async (): Promise<{ organization: Organization; etag: string | null }> => {
    const call = await api.GET("/api/auth/organization");
    const { data: organization } = await data(Promise.resolve(call));
    return { organization, etag: call.response.headers.get("ETag") };
  },
});
