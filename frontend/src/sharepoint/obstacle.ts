import { TenantryError } from "@tenantry/client";

import { detail } from "../lib/detail";

/** What stands between a person and Microsoft 365. */
export type Obstacle =
  | { readonly kind: "session" }
  | { readonly kind: "sign-in"; readonly claims?: string }
  | { readonly kind: "consent"; readonly consentUrl: string }
  | { readonly kind: "other" };

export function obstacleOf(error: unknown): Obstacle {
  if (!(error instanceof TenantryError)) return { kind: "other" };
  switch (error.code) {
    case "FORBIDDEN":
      return { kind: "session" };
    case "INTERACTION_REQUIRED": {
      const claims = detail(error, "claims");
      return claims === undefined ? { kind: "sign-in" } : { kind: "sign-in", claims };
    }
    case "CONSENT_REQUIRED": {
      const consentUrl = detail(error, "consentUrl");
      return consentUrl === undefined ? { kind: "other" } : { kind: "consent", consentUrl };
    }
    default:
      return { kind: "other" };
  }
}
