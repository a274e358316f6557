import { data, TenantryError, type components } from "@tenantry/client";
import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";

import { api } from "./api";

export type Me = components["schemas"]["Me"];

/** Who is signed in; `null` for nobody. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async (): Promise<Me | null> => {
    try {
      return (await data(api.GET("/api/auth/me"))).data;
    } catch (error) {
      if (error instanceof TenantryError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

/** The person whose pages these are. Only below the signed-in part of the tree. */
export function useMe(): Me {
  const { data: me } = useSuspenseQuery(meQuery);
  if (me === null) throw new Error("nobody is signed in");
  return me;
}

/** Whether the person may do something; the words are those of `x-permission` in the API's document. */
export function useMay(permission: string): boolean {
  return useMe().permissions.includes(permission);
}

/** What to ask of Microsoft when signing in. */
interface SignInWishes {
  /** The claims of a challenge, as JSON. */
  readonly claims?: string;
  /** `login` wants the password again. */
  readonly prompt?: "login" | "select_account" | "consent";
}

/** Where signing in begins; the person comes back to `path`. */
export function signInUrl(path: string, wishes: SignInWishes = {}): string {
  return `/api/oauth/microsoft/start?${new URLSearchParams({ return_to: path, ...wishes })}`;
}
