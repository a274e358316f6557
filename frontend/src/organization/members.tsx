import {
  Avatar,
  Badge,
  Button,
  makeStyles,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  tokens,
} from "@fluentui/react-components";
import { PeopleRegular } from "@fluentui/react-icons";
import { data, type components } from "@tenantry/client";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "../lib/api";
import { List } from "../lib/list";
import { useMay, useMe } from "../lib/me";
import { useToasts } from "../lib/toast";
import { Empty, Page } from "../shell/page";
import { Unseen } from "../shell/unseen";
import { useWords } from "../text/text";
import { ImportPeople } from "./import-people";

type Member = components["schemas"]["Member"];

const MEMBERS = ["members"];

const NARROW = "@media (max-width: 640px)";

const useStyles = makeStyles({
  wide: { [NARROW]: { display: "none" } },
  narrow: { "@media (min-width: 641px)": { display: "none" } },
  status: { width: "92px", [NARROW]: { display: "none" } },
  name: { display: "grid", gap: tokens.spacingVerticalXXS, justifyItems: "start", overflowWrap: "anywhere", paddingBlock: tokens.spacingVerticalXS },
  quiet: { color: tokens.colorNeutralForeground3 },
  person: { display: "flex", alignItems: "center", gap: tokens.spacingHorizontalM, minWidth: 0 },
  change: { width: "110px" },
});

/** Everybody of the organization, and who is shut out. */
export function Members() {
  const styles = useStyles();
  const { text, day } = useWords();
  const mayManage = useMay("members:manage");
  const roles: Readonly<Record<string, string>> = text.roles;
  return (
    <Page title={text.members.title} lead={text.members.lead}>
      <ImportPeople />
      <List
        queryKey={[...MEMBERS, "list"]}
        page={(cursor) => data(api.GET("/api/members", { params: { query: cursor === undefined ? {} : { cursor } } }))}
        empty={<Empty icon={<PeopleRegular />} title={text.members.empty} lead={text.members.emptyLead} />}
      >
        {(members) => (
          <Table aria-label={text.members.title}>
            <TableHeader>
              <TableRow>
                <TableHeaderCell>{text.members.name}</TableHeaderCell>
                <TableHeaderCell className={styles.wide}>{text.members.role}</TableHeaderCell>
                <TableHeaderCell className={styles.status}>{text.members.status}</TableHeaderCell>
                {mayManage && (
                  <TableHeaderCell className={styles.change}>
                    <Unseen>{text.members.change}</Unseen>
                  </TableHeaderCell>
                )}
              </TableRow>
            </TableHeader>
            <TableBody>
              {members.map((member) => (
                <TableRow key={member.id}>
                  <TableCell>
                    <div className={styles.person}>
                      <Avatar className={styles.wide} name={nameOf(member, text.members.unnamed)} aria-hidden />
                      <div className={styles.name}>
                        {nameOf(member, text.members.unnamed)}
                        <Text size={200} className={styles.quiet}>
                          {text.overview.since(day(member.createdAt))}
                        </Text>
                        <span className={styles.narrow}>
                          <Status member={member} />
                        </span>
                      </div>
                    </div>
                  </TableCell>
                  <TableCell className={styles.wide}>{roles[member.role ?? ""] ?? member.role ?? "–"}</TableCell>
                  <TableCell className={styles.status}>
                    <Status member={member} />
                  </TableCell>
                  {mayManage && (
                    <TableCell className={styles.change}>
                      <Toggle member={member} />
                    </TableCell>
                  )}
                </TableRow>
              ))}
            </TableBody>
          </Table>
        )}
      </List>
    </Page>
  );
}

function nameOf(member: Member, otherwise: string): string {
  return member.displayName ?? member.email ?? otherwise;
}

function Status({ member }: { readonly member: Member }) {
  const { text } = useWords();
  return member.status === "active" ? (
    <Badge appearance="tint" color="success">
      {text.members.active}
    </Badge>
  ) : (
    <Badge appearance="tint" color="danger">
      {text.members.disabled}
    </Badge>
  );
}

/** Shuts somebody out or lets them in again; either can be taken back. Nobody shuts themselves out. */
function Toggle({ member }: { readonly member: Member }) {
  const { text } = useWords();
  const me = useMe();
  const toasts = useToasts();
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: async (suspend: boolean) => {
      const params = { params: { path: { userId: member.id } } };
      const call = suspend
        ? api.POST("/api/members/{userId}/suspend", params)
        : api.POST("/api/members/{userId}/reactivate", params);
      return data(call);
    },
    onSuccess: (_, suspend) => {
      const name = nameOf(member, text.members.unnamed);
      toasts.done(suspend ? text.members.suspended(name) : text.members.reactivated(name), () => change.mutate(!suspend));
    },
    onError: toasts.failed,
    onSettled: () => queries.invalidateQueries({ queryKey: MEMBERS }),
  });
  if (me.id === member.id) return null;
  const active = member.status === "active";
  return (
    <Button size="small" disabled={change.isPending} onClick={() => change.mutate(active)}>
      {active ? text.members.suspend : text.members.reactivate}
    </Button>
  );
}
