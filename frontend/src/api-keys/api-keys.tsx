import { Badge, makeStyles, Table, TableBody, TableCell, TableHeader, TableHeaderCell, TableRow, Text, tokens } from "@fluentui/react-components";
import { KeyRegular } from "@fluentui/react-icons";
import { useState } from "react";

import { TextLink } from "../lib/link";
import { List } from "../lib/list";
import { Empty, Page } from "../shell/page";
import { useWords } from "../text/text";
import { NewKey } from "./new-key";
import { stateOf, type ApiKey } from "./key";
import { API_KEYS, keysPage } from "./queries";
import { Secret } from "./secret";

const NARROW = "@media (max-width: 640px)";

const useStyles = makeStyles({
  name: { display: "grid", minWidth: 0, overflowWrap: "anywhere", paddingBlock: tokens.spacingVerticalXS },
  quiet: { color: tokens.colorNeutralForeground3 },
  wide: { [NARROW]: { display: "none" } },
  status: { width: "110px" },
});

/** The keys of the organization's automations: one's own, and for administrators everybody's. */
export function ApiKeys() {
  const styles = useStyles();
  const { text } = useWords();
  const [made, setMade] = useState<ApiKey>();
  const create = <NewKey onMade={setMade} />;
  return (
    <Page title={text.apiKeys.title} lead={text.apiKeys.lead} actions={create}>
      {made && <Secret key={made.id} apiKey={made} onDone={() => setMade(undefined)} />}
      <List
        queryKey={[...API_KEYS, "list"]}
        page={keysPage}
        empty={<Empty icon={<KeyRegular />} title={text.apiKeys.empty} lead={text.apiKeys.emptyLead} />}
      >
        {(keys) => (
          <Table aria-label={text.apiKeys.title}>
            <TableHeader>
              <TableRow>
                <TableHeaderCell>{text.apiKeys.name}</TableHeaderCell>
                <TableHeaderCell className={styles.wide}>{text.apiKeys.expires}</TableHeaderCell>
                <TableHeaderCell className={styles.wide}>{text.apiKeys.lastUsed}</TableHeaderCell>
                <TableHeaderCell className={styles.status}>{text.apiKeys.status}</TableHeaderCell>
              </TableRow>
            </TableHeader>
            <TableBody>
              {keys.map((key) => (
                <KeyRow key={key.id} apiKey={key} />
              ))}
            </TableBody>
          </Table>
        )}
      </List>
    </Page>
  );
}

function KeyRow({ apiKey }: { readonly apiKey: ApiKey }) {
  const styles = useStyles();
  const { text, day, moment } = useWords();
  return (
    <TableRow>
      <TableCell>
        <span className={styles.name}>
          <TextLink to="/organization/api-keys/$keyId" params={{ keyId: apiKey.id }}>
            {apiKey.name}
          </TextLink>
          <Text size={200} className={styles.quiet}>
            {apiKey.keyPrefix}…{apiKey.serviceId !== null && ` · ${apiKey.serviceId}`}
          </Text>
        </span>
      </TableCell>
      <TableCell className={styles.wide}>{apiKey.expiresAt === null ? text.apiKeys.never : day(apiKey.expiresAt)}</TableCell>
      <TableCell className={styles.wide}>
        {apiKey.lastUsedAt === null ? text.apiKeys.neverUsed : moment(apiKey.lastUsedAt)}
      </TableCell>
      <TableCell className={styles.status}>
        <KeyStatus apiKey={apiKey} />
      </TableCell>
    </TableRow>
  );
}

const COLORS = { active: "success", revoked: "danger", expired: "warning" } as const;

/** Whether a key works. */
export function KeyStatus({ apiKey }: { readonly apiKey: ApiKey }) {
  const { text } = useWords();
  const [now] = useState(Date.now);
  const state = stateOf(apiKey, now);
  return (
    <Badge appearance="tint" color={COLORS[state]}>
      {text.apiKeys.states[state]}
    </Badge>
  );
}
