import { KeyRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";

import type { Connection } from "../connections/connection";
import { CONNECTIONS, connectionsPage } from "../connections/queries";
import { Copyable } from "../lib/copyable";
import { Group } from "../lib/group";
import { useMay, useMe } from "../lib/me";
import { ShownOnce } from "../lib/shown-once";
import { firstPath } from "../lib/snippet";
import { Snippets } from "../lib/snippets";
import { useWords } from "../text/text";
import type { ApiKey } from "./key";

interface SecretProps {
  readonly apiKey: ApiKey;
  readonly onDone: () => void;
}

/** A key that was just made or rotated, the one time that it can be seen. */
export function Secret({ apiKey, onDone }: SecretProps) {
  const { text } = useWords();
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
  const { rawKey, wireKey } = apiKey;
  if (rawKey === undefined) return null;
  const call = { origin: globalThis.location.origin, key: rawKey, path: firstPath(apiKey.scopes, connection?.id) };
  return (
    <ShownOnce icon={<KeyRegular aria-hidden />} title={text.apiKeys.once} lead={text.apiKeys.onceLead} done={text.apiKeys.done} onDone={onDone}>
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
    </ShownOnce>
  );
}
