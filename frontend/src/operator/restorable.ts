import type { Tenant } from "./queries";

/** Whether a deleted organization can be restored: until its purge may have begun. */
export function canComeBack({ purgeAt }: Pick<Tenant, "purgeAt">, now: number): boolean {
  return purgeAt !== null && now < Date.parse(purgeAt);
}
