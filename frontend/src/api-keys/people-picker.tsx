import { data } from "@tenantry/client";
import { useQuery } from "@tanstack/react-query";

import { nameOf } from "../connections/connection";
import { CONNECTIONS, connectionsPage } from "../connections/queries";
import { api } from "../lib/api";
import { at, everyRow } from "../lib/list-page";
import { MultiPicker } from "../lib/multi-picker";
import { useWords } from "../text/text";

interface PickerProps {
  readonly error: string | undefined;
  readonly chosen: readonly string[];
  readonly onChange: (ids: readonly string[]) => void;
}

/** The members whose things a key may see. */
export function PeoplePicker(props: PickerProps) {
  const { text } = useWords();
  const { data: people = [] } = useQuery({
    queryKey: ["members", "everybody"],
    queryFn: () => everyRow((cursor) => data(api.GET("/api/members", { params: { query: { limit: 200, ...at(cursor) } } }))),
    staleTime: 60_000,
  });
  const choices = people.map(({ id, displayName, email }) => ({ id, name: displayName ?? email ?? id, also: email ?? "" }));
  return (
    <MultiPicker
      {...props}
      label={text.apiKeys.allowedUsers}
      hint={text.apiKeys.allowedUsersHint}
      none={text.members.noneFound}
      choices={choices}
    />
  );
}

/** The connections that a key may get tokens of. */
export function ConnectionPicker(props: PickerProps) {
  const { text } = useWords();
  const { data: connections = [] } = useQuery({
    queryKey: [...CONNECTIONS, "everything"],
    queryFn: () => everyRow(connectionsPage({})),
    staleTime: 60_000,
  });
  const choices = connections.map((connection) => ({
    id: connection.id,
    name: nameOf(connection, connection.id),
    also: connection.email ?? "",
  }));
  return (
    <MultiPicker
      {...props}
      label={text.apiKeys.allowedConnections}
      hint={text.apiKeys.allowedConnectionsHint}
      none={text.connections.noneFit}
      choices={choices}
    />
  );
}
