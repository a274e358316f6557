import { makeStyles, tokens } from "@fluentui/react-components";
import { PlugConnectedRegular } from "@fluentui/react-icons";
import { getRouteApi, useNavigate } from "@tanstack/react-router";

import { List } from "../lib/list";
import { SearchField } from "../lib/search-field";
import { Empty, Page } from "../shell/page";
import { useWords } from "../text/text";
import { ConnectionCard } from "./connection-card";
import { CONNECTIONS, connectionsPage } from "./queries";

const route = getRouteApi("/signed-in/organization/connections");

const useStyles = makeStyles({
  list: { display: "grid", gap: tokens.spacingVerticalL, listStyleType: "none", margin: 0, padding: 0 },
});

/** Everybody's connections, for administrators. */
export function AllConnections() {
  const styles = useStyles();
  const { text } = useWords();
  const navigate = useNavigate();
  const { email = "" } = route.useSearch();
  const words = text.connections;
  const icon = <PlugConnectedRegular />;
  return (
    <Page title={words.everybody} lead={words.everybodyLead}>
      <SearchField
        key={email}
        label={words.filter}
        words={email}
        onSearch={(typed) => void navigate({ to: "/organization/connections", search: typed === "" ? {} : { email: typed } })}
      />
      <List
        queryKey={[...CONNECTIONS, "all", email]}
        page={connectionsPage(email === "" ? {} : { email })}
        empty={
          email === "" ? (
            <Empty icon={icon} title={words.everybodyEmpty} lead={words.everybodyEmptyLead} />
          ) : (
            <Empty icon={icon} title={words.noneFit} lead={words.noneFitLead} />
          )
        }
      >
        {(connections) => (
          <ul className={styles.list}>
            {connections.map((connection) => (
              <li key={connection.id}>
                <ConnectionCard connection={connection} withOwner />
              </li>
            ))}
          </ul>
        )}
      </List>
    </Page>
  );
}
