import type { components } from "@tenantry/client";

export type ApiKey = components["schemas"]["ApiKey"];
export type NewApiKey = components["schemas"]["NewApiKeyBody"];

/** What no key may be given: making keys, and ending everything. */
const NOT_FOR_KEYS: ReadonlySet<string> = new Set(["api-keys:own", "api-keys:manage", "organization:delete"]);

/** Those of a person's permissions that they can pass on to a key. */
export function scopesToGive(permissions: readonly string[]): readonly string[] {
  return permissions.filter((permission) => !NOT_FOR_KEYS.has(permission));
}

export type KeyState = "active" | "revoked" | "expired";

export function stateOf({ isActive, expiresAt }: Pick<ApiKey, "isActive" | "expiresAt">, now: number): KeyState {
  if (!isActive) return "revoked";
  return expiresAt !== null && Date.parse(expiresAt) <= now ? "expired" : "active";
}
