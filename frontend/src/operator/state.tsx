import { Badge } from "@fluentui/react-components";

import { useWords } from "../text/text";
import type { Invitation, Tenant } from "./queries";

type TenantState = Tenant["state"];

const COLORS = {
  pending: "informative",
  verifying: "informative",
  active: "success",
  degraded: "warning",
  revoked: "danger",
  suspended: "danger",
  deleted: "subtle",
} as const satisfies Record<TenantState, string>;

/** How an organization stands. */
export function TenantBadge({ state }: { readonly state: TenantState }) {
  const { text } = useWords();
  return (
    <Badge appearance="tint" color={COLORS[state]}>
      {text.operator.states[state]}
    </Badge>
  );
}

const INVITATION_COLORS = {
  open: "success",
  used: "informative",
  expired: "warning",
  withdrawn: "subtle",
} as const satisfies Record<Invitation["state"], string>;

/** What has become of an invitation. */
export function InvitationBadge({ state }: { readonly state: Invitation["state"] }) {
  const { text } = useWords();
  return (
    <Badge appearance="tint" color={INVITATION_COLORS[state]}>
      {text.operator.invitationStates[state]}
    </Badge>
  );
}
