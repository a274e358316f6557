import type { components } from "@tenantry/client";

/** What stands in the form. */
export interface InvitationDraft {
  readonly note: string;
  /** Empty for any tenant. */
  readonly tenantId: string;
  readonly days: string;
}

export const BLANK: InvitationDraft = { note: "", tenantId: "", days: "14" };

/** Whether it is the id of a tenant, or nothing. */
export const isTenant = (text: string): boolean => /^(|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.test(text.trim());

/** Whether it is a number of days that an invitation can be good for. */
export const isDays = (text: string): boolean => /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 90;

export const isComplete = ({ note, tenantId, days }: InvitationDraft): boolean => note.trim() !== "" && isTenant(tenantId) && isDays(days);

/** The form as the API takes it. */
export function bodyOf({ note, tenantId, days }: InvitationDraft): components["schemas"]["NewInvitationBody"] {
  const tenant = tenantId.trim();
  return { note: note.trim(), days: Number(days), ...(tenant === "" ? {} : { tenantId: tenant }) };
}
