import { Button, makeStyles, MessageBar, MessageBarBody, tokens } from "@fluentui/react-components";
import { PlugConnectedAddRegular } from "@fluentui/react-icons";
import { getRouteApi } from "@tanstack/react-router";

import { List } from "../lib/list";
import { useMay, useMe } from "../lib/me";
import { Empty, Page } from "../shell/page";
import { useWords } from "../text/text";
import { ConnectionCard } from "./connection-card";
import { CONNECTIONS, connectionsPage, connectUrl } from "./queries";

const route = getRouteApi("/signed-in/me/connections");

const useStyles = makeStyles({
  list: { display: "grid", gap: tokens.spacingVerticalL, listStyleType: "none", margin: 0, padding: 0 },
  done: { marginBottom: tokens.spacingVerticalL },
});

/** The accounts that the person has connected, and the way to connect another. */
export function MyConnections() {
  const styles = useStyles();
  const { text } = useWords();
  const me = useMe();
  const { connection: connected } = route.useSearch();
  const mayConnect = useMay("connections:write");
  const connect = mayConnect && (
    <Button as="a" appearance="primary" icon={<PlugConnectedAddRegular />} href={connectUrl("/me/connections")}>
      {text.connections.connect}
    </Button>
  );
  return (
    <Page title={text.connections.mine} lead={text.connections.mineLead} actions={connect}>
      <List
        queryKey={[...CONNECTIONS, "mine"]}
        page={connectionsPage({ userId: me.id })}
        empty={<Empty icon={<PlugConnectedAddRegular />} title={text.connections.empty} lead={text.connections.emptyLead} />}
      >
        {(connections) => (
          <>
            {connections.some(({ id }) => id === connected) && (
              <MessageBar intent="success" className={styles.done}>
                <MessageBarBody>{text.connections.connected}</MessageBarBody>
              </MessageBar>
            )}
            <ul className={styles.list}>
              {connections.map((connection) => (
                <li key={connection.id}>
                  <ConnectionCard connection={connection} />
                </li>
              ))}
            </ul>
          </>
        )}
      </List>
    </Page>
  );
}
