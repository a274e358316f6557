import { Body1, Button, Card, makeStyles, Subtitle2, tokens } from "@fluentui/react-components";
import { KeyRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import type { Connection } from "../connections/connection";
import { CONNECTIONS, connectionsPage } from "../connections/queries";
import { Copyable } from "../lib/copyable";
import { Group } from "../lib/group";
import { useMay, useMe } from "../lib/me";
import { firstPath } from "../lib/snippet";
import { Snippets } from "../lib/snippets";
import { useWords } from "../text/text";
import type { ApiKey } from "./key";


const useStyles = makeStyles({
  region: { marginBottom: tokens.spacingVerticalXL, outlineStyle: "none" },
  card: { border: `2px solid ${tokens.colorBrandStroke1}` },
  head: { display: "flex", alignItems: "center", gap: tokens.spacingHorizontalS },
  fields: { display: "grid", gap: tokens.spacingVerticalM, minWidth: 0 },
  done: { justifySelf: "start" },
});

interface SecretProps {
  readonly apiKey: ApiKey;
  readonly onDone: () => void;
}

/** A key that was just made or rotated, the one time that it can be seen. */
export function Secret({ apiKey, onDone }: SecretProps) {
  const styles = useStyles();
  const { text } = useWords();
  const card = useRef<HTMLElement>(null);
  const maySeeConnections = useMay("connections:read");
  // A connection for the call; the person's newest that the key may use.
  const me = useMe();
  const query = useQuery({
    queryKey: [...CONNECTIONS, "first", me.id],
    queryFn: () => connectionsPage({ userId: me.id })(undefined),
    enabled: maySeeConnections,
  });
  const isAllowed = ({ id }: Connection) => apiKey.allowedConnections?.includes(id) ?? true;
  const connection = query.data?.data.find(isAllowed);
  useEffect(() => card.current?.focus(), []);
  const { rawKey, wireKey } = apiKey;
  if (rawKey === undefined) return null;
  const call = { origin: globalThis.location.origin, key: rawKey, path: firstPath(apiKey.scopes, connection?.id) };
  return (
    <section ref={card} className={styles.region} aria-label={text.apiKeys.once} tabIndex={-1}>
      <Card size="large" className={styles.card}>
      <div className={styles.head}>
        <KeyRegular aria-hidden fontSize={20} />
        <Subtitle2 as="h2">{text.apiKeys.once}</Subtitle2>
      </div>
      <Body1>{text.apiKeys.onceLead}</Body1>
      <div className={styles.fields}>
        <Group label={text.apiKeys.rawKey}>
          <Copyable label={text.apiKeys.rawKey} value={rawKey} />
        </Group>
        {wireKey !== undefined && (
          <Group label={text.apiKeys.wireKey}>
            <Copyable label={text.apiKeys.wireKey} value={wireKey} />
          </Group>
        )}
        <Group label={text.apiKeys.try} hint={text.apiKeys.tryLead}>
          <Snippets label={text.apiKeys.snippet} call={call} />
        </Group>
        <Button className={styles.done} appearance="primary" onClick={onDone}>
          {text.apiKeys.done}
        </Button>
        </div>
      </Card>
    </section>
  );
}
