import type { TenantryError } from "@tenantry/client";

/** A word in the details of a refusal. */
export function detail(error: TenantryError, name: string): string | undefined {
  const { details } = error;
  if (typeof details !== "object" || details === null) return undefined;
  const value: unknown = Reflect.get(details, name);
  return typeof value === "string" ? value : undefined;
}
