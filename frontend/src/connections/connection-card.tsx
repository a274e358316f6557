import {
  Accordion,
  AccordionHeader,
  AccordionItem,
  AccordionPanel,
  Avatar,
  Badge,
  Body1,
  Button,
  Caption1,
  Card,
  CardHeader,
  makeStyles,
  Subtitle2,
  tokens,
} from "@fluentui/react-components";
import { ArrowSyncRegular } from "@fluentui/react-icons";
import { data } from "@tenantry/client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { memberQuery } from "../annotations/queries";
import { api } from "../lib/api";
import { Badges } from "../lib/badges";
import { Copyable } from "../lib/copyable";
import { useMay } from "../lib/me";
import { useToasts } from "../lib/toast";
import { Facts } from "../shell/facts";
import { useWords } from "../text/text";
import { colorOf, nameOf, stepOf, type Connection } from "./connection";
import { DeleteConnection } from "./delete-connection";
import { FetchToken } from "./fetch-token";
import { CONNECTIONS } from "./queries";
import { Reconnect } from "./reconnect";

const useStyles = makeStyles({
  status: { whiteSpace: "nowrap" },
  actions: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
  quiet: { color: tokens.colorNeutralForeground3 },
  more: { marginLeft: `calc(-1 * ${tokens.spacingHorizontalMNudge})` },
});

interface ConnectionCardProps {
  readonly connection: Connection;
  /** Says who connected it, too. */
  readonly withOwner?: boolean;
}

/** One connected account: whether it works, and what to do where it does not. */
export function ConnectionCard({ connection, withOwner = false }: ConnectionCardProps) {
  const styles = useStyles();
  const { text, moment } = useWords();
  const mayWrite = useMay("connections:write");
  const mayFetch = useMay("tokens:read");
  const name = nameOf(connection, text.connections.unnamed);
  const step = stepOf(connection, text.connections);
  return (
    <Card size="large">
      <CardHeader
        image={<Avatar name={name} size={40} color="colorful" aria-hidden />}
        header={<Subtitle2 as="h2">{name}</Subtitle2>}
        description={
          <Caption1 className={styles.quiet}>
            {[connection.email, text.connections.refreshed(moment(connection.refreshedAt))].filter((word) => word !== null).join(" · ")}
          </Caption1>
        }
        action={
          <Badge className={styles.status} appearance="tint" color={colorOf(connection.status)}>
            {text.connections.states[connection.status]}
          </Badge>
        }
      />
      {step !== null && <Body1>{step}</Body1>}
      <div className={styles.actions}>
        {mayWrite && connection.canReconnect && <Reconnect id={connection.id} />}
        {connection.consentUrl !== null && (
          <Button as="a" href={connection.consentUrl}>
            {text.connections.consent}
          </Button>
        )}
        {mayFetch && connection.status !== "DISABLED" && <FetchToken connection={connection} />}
        {mayWrite && <Check connection={connection} />}
        {mayWrite && <DeleteConnection connection={connection} />}
      </div>
      <Accordion collapsible>
        <AccordionItem value="details">
          <AccordionHeader className={styles.more} size="small">
            {text.connections.details}
          </AccordionHeader>
          <AccordionPanel>
            <Details connection={connection} withOwner={withOwner} />
          </AccordionPanel>
        </AccordionItem>
      </Accordion>
    </Card>
  );
}

function Details({ connection, withOwner }: Required<ConnectionCardProps>) {
  const { text } = useWords();
  const { data: owner } = useQuery({ ...memberQuery(connection.userId), enabled: withOwner });
  return (
    <Facts
      facts={[
        ...(withOwner ? [[text.connections.owner, owner?.displayName ?? owner?.email ?? "…"] as const] : []),
        [text.connections.id, <Copyable label={text.connections.id} value={connection.id} />],
        [text.profile.tenant, connection.tenantId],
        [text.connections.sharepoint, connection.sharepointHost ?? text.connections.noSharePoint],
        [text.connections.scopes, <Badges words={connection.scopes} none={text.profile.none} />],
      ]}
    />
  );
}

/** Has Microsoft asked now, which tells whether a broken connection was mended. */
function Check({ connection }: { readonly connection: Connection }) {
  const { text } = useWords();
  const toasts = useToasts();
  const queries = useQueryClient();
  const check = useMutation({
    mutationFn: () => data(api.POST("/api/connections/{connectionId}/refresh", { params: { path: { connectionId: connection.id } } })),
    onSuccess: () => toasts.done(text.connections.checked),
    onError: toasts.failed,
    onSettled: () => queries.invalidateQueries({ queryKey: CONNECTIONS }),
  });
  return (
    <Button icon={<ArrowSyncRegular />} disabledFocusable={check.isPending} onClick={() => check.mutate()}>
      {text.connections.check}
    </Button>
  );
}
