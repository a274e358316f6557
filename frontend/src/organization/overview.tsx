import { Card, makeStyles, Subtitle2, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { useMe } from "../lib/me";
import { Facts } from "../shell/facts";
import { Failure } from "../shell/failure";
import { Loading, Page } from "../shell/page";
import { useWords } from "../text/text";
import { Connection } from "./connection";
import { organizationQuery } from "./queries";

const useStyles = makeStyles({ card: { marginBottom: tokens.spacingVerticalL } });

/** How the organization is doing, at a glance. */
export function Overview() {
  const styles = useStyles();
  const { text, day } = useWords();
  const me = useMe();
  const query = useQuery(organizationQuery);
  return (
    <Page title={text.overview.title} lead={text.overview.lead(me.organization.name)}>
      {query.isPending && <Loading rows={3} />}
      {query.isError && <Failure error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && (
        <Card size="large" className={styles.card}>
          <Subtitle2 as="h2">{query.data.organization.name}</Subtitle2>
          <Facts
            facts={[
              [text.profile.tenant, query.data.organization.azureTenantId ?? text.profile.none],
              [text.overview.created, day(query.data.organization.createdAt)],
            ]}
          />
        </Card>
      )}
      <Connection />
    </Page>
  );
}
