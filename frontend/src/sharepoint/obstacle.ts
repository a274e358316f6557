import { TenantryError } from "@tenantry/client";

import { detail } from "../lib/detail";

/** What stands between a person and Microsoft 365. */
export type Obstacle =
  | { readonly kind: "connect" }
  | { readonly kind: "broken"; readonly connection: string; readonly reason: string; readonly step: string; readonly mends: boolean; readonly claims?: string; readonly consentUrl?: string }
  | { readonly kind: "sign-in"; readonly claims?: string }
  | { readonly kind: "consent"; readonly consentUrl: string }
  | { readonly kind: "other" };

export function obstacleOf(error: unknown): Obstacle {
  if (!(error instanceof TenantryError)) return { kind: "other" };
  const claims = detail(error, "claims");
  const asked = claims === undefined ? {} : { claims };
  switch (error.code) {
    case "CONNECTION_REQUIRED":
      return { kind: "connect" };
    case "CONNECTION_UNUSABLE": {
      const connection = detail(error, "connectionId");
      if (connection === undefined) return { kind: "other" };
      const mends = flag(error, "canReconnect");
      const consentUrl = detail(error, "consentUrl");
      const consent = consentUrl === undefined ? {} : { consentUrl };
      return { kind: "broken", connection, reason: detail(error, "reason") ?? "", step: detail(error, "nextStep") ?? error.message, mends, ...asked, ...consent };
    }
    case "INTERACTION_REQUIRED":
      return { kind: "sign-in", ...asked };
    case "CONSENT_REQUIRED": {
      const consentUrl = detail(error, "consentUrl");
      return consentUrl === undefined ? { kind: "other" } : { kind: "consent", consentUrl };
    }
    default:
      return { kind: "other" };
  }
}

function flag(error: TenantryError, name: string): boolean {
  const { details } = error;
  return typeof details === "object" && details !== null && Reflect.get(details, name) === true;
}
