import { Button, makeStyles, Table, TableBody, TableCell, TableHeader, TableHeaderCell, TableRow, Text, tokens, Tooltip } from "@fluentui/react-components";
import { LinkDismissRegular, LinkRegular, MailRegular } from "@fluentui/react-icons";
import { data } from "@tenantry/client";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { api } from "../lib/api";
import { Copyable } from "../lib/copyable";
import { useDeleted, useDeletion } from "../lib/deletion";
import { Group } from "../lib/group";
import { TextLink } from "../lib/link";
import { Pager } from "../lib/pager";
import { ShownOnce } from "../lib/shown-once";
import { Empty, Loading, Page } from "../shell/page";
import { Unseen } from "../shell/unseen";
import { useWords } from "../text/text";
import { OperatorFailure } from "./area";
import { NewInvitationButton } from "./new-invitation";
import { INVITATIONS, invitationsQuery, type Invitation, type NewInvitation } from "./queries";
import { InvitationBadge } from "./state";

const route = getRouteApi("/signed-in/operator/invitations");

const NARROW = "@media (max-width: 640px)";

const useStyles = makeStyles({
  name: { display: "grid", minWidth: 0, overflowWrap: "anywhere", paddingBlock: tokens.spacingVerticalXS },
  quiet: { color: tokens.colorNeutralForeground3 },
  wide: { width: "180px", [NARROW]: { display: "none" } },
  narrow: { color: tokens.colorNeutralForeground3, "@media (min-width: 641px)": { display: "none" } },
  state: { width: "110px" },
  action: { width: "48px", textAlign: "end" },
});

/** The links by which new customers come, and what has become of each. */
export function Invitations() {
  const { text } = useWords();
  const navigate = useNavigate();
  const { page = 1 } = route.useSearch();
  const query = useQuery(invitationsQuery(page));
  const [made, setMade] = useState<NewInvitation>();
  return (
    <Page title={text.operator.invitations} lead={text.operator.invitationsLead} actions={<NewInvitationButton onMade={setMade} />}>
      {made && (
        <ShownOnce
          key={made.id}
          icon={<LinkRegular aria-hidden />}
          title={text.operator.once}
          lead={text.operator.onceLead(made.note)}
          done={text.apiKeys.done}
          onDone={() => setMade(undefined)}
        >
          <Group label={text.operator.link}>
            <Copyable label={text.operator.link} value={made.link} />
          </Group>
        </ShownOnce>
      )}
      {query.isPending && <Loading />}
      {query.isError && <OperatorFailure error={query.error} retry={() => void query.refetch()} />}
      {query.data?.items.length === 0 && (
        <Empty icon={<MailRegular />} title={text.operator.noInvitations} lead={text.operator.noInvitationsLead} />
      )}
      {query.data !== undefined && query.data.items.length > 0 && (
        <>
          <InvitationTable invitations={query.data.items} />
          <Pager
            page={page}
            shown={query.data.items.length}
            total={query.data.total}
            onPage={(to) => void navigate({ to: "/operator/invitations", search: to > 1 ? { page: to } : {} })}
          />
        </>
      )}
    </Page>
  );
}

function InvitationTable({ invitations }: { readonly invitations: readonly Invitation[] }) {
  const styles = useStyles();
  const { text } = useWords();
  return (
    <Table aria-label={text.operator.invitations}>
      <TableHeader>
        <TableRow>
          <TableHeaderCell>{text.operator.note}</TableHeaderCell>
          <TableHeaderCell className={styles.wide}>{text.operator.made}</TableHeaderCell>
          <TableHeaderCell className={styles.wide}>{text.operator.ends}</TableHeaderCell>
          <TableHeaderCell className={styles.state}>{text.operator.state}</TableHeaderCell>
          <TableHeaderCell className={styles.action}>
            <Unseen>{text.operator.withdraw}</Unseen>
          </TableHeaderCell>
        </TableRow>
      </TableHeader>
      <TableBody>
        {invitations.map((invitation) => (
          <InvitationRow key={invitation.id} invitation={invitation} />
        ))}
      </TableBody>
    </Table>
  );
}

function InvitationRow({ invitation }: { readonly invitation: Invitation }) {
  const styles = useStyles();
  const { text, day, moment } = useWords();
  const deleted = useDeleted();
  // It is as good as withdrawn while that can be taken back.
  const state = deleted.has(invitation.id) ? "withdrawn" : invitation.state;
  return (
    <TableRow>
      <TableCell>
        <span className={styles.name}>
          {invitation.usedBy === null ? (
            invitation.note
          ) : (
            <TextLink to="/operator/organizations/$organizationId" params={{ organizationId: invitation.usedBy }}>
              {invitation.note}
            </TextLink>
          )}
          {invitation.tenantId !== null && (
            <Text size={200} className={styles.quiet}>
              {invitation.tenantId}
            </Text>
          )}
          <Text size={200} className={styles.narrow}>
            {text.operator.until(day(invitation.expiresAt))}
          </Text>
        </span>
      </TableCell>
      <TableCell className={styles.wide}>
        <span className={styles.name}>
          {moment(invitation.createdAt)}
          <Text size={200} className={styles.quiet}>
            <Maker by={invitation.createdBy} />
          </Text>
        </span>
      </TableCell>
      <TableCell className={styles.wide}>{moment(invitation.expiresAt)}</TableCell>
      <TableCell className={styles.state}>
        <InvitationBadge state={state} />
      </TableCell>
      <TableCell className={styles.action}>{state === "open" && <Withdraw invitation={invitation} />}</TableCell>
    </TableRow>
  );
}

/** Who made it: an account by its id, or by what else. */
function Maker({ by }: { readonly by: string | null }) {
  const { text } = useWords();
  const makers: Readonly<Record<string, string>> = text.operator.makers;
  return by === null ? text.operator.unknownMaker : (makers[by] ?? text.operator.account(by.slice(-8)));
}

function Withdraw({ invitation }: { readonly invitation: Invitation }) {
  const { text } = useWords();
  const queries = useQueryClient();
  const deletion = useDeletion();
  const remove = async () => {
    const params = { path: { invitationId: invitation.id } };
    await data(api.DELETE("/api/admin/invitations/{invitationId}", { params, keepalive: true }));
    await queries.invalidateQueries({ queryKey: INVITATIONS });
  };
  return (
    <Tooltip content={`${text.operator.withdraw}: ${invitation.note}`} relationship="label">
      <Button
        size="small"
        appearance="subtle"
        icon={<LinkDismissRegular />}
        onClick={() => deletion(invitation.id, text.operator.withdrawn(invitation.note), remove)}
      />
    </Tooltip>
  );
}
