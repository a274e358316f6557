import { Card, makeStyles, Skeleton, SkeletonItem, Subtitle2, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { useMe } from "../lib/me";
import { Facts } from "../shell/facts";
import { Failure } from "../shell/failure";
import { Page } from "../shell/page";
import { useWords } from "../text/text";
import { Connection } from "./connection";
import { organizationQuery } from "./queries";

const useStyles = makeStyles({
  card: { marginBottom: tokens.spacingVerticalL },
  // As high as a line of the facts.
  day: { display: "inline-block", width: "120px", verticalAlign: "text-bottom" },
});

/** How the organization is doing, at a glance. */
export function Overview() {
  const styles = useStyles();
  const { text, day } = useWords();
  const me = useMe();
  const query = useQuery(organizationQuery);
  // What is known of the person already is there from the first moment, so that nothing moves when the rest comes.
  const { name, azureTenantId } = query.data?.organization ?? me.organization;
  const created = query.isSuccess ? (
    day(query.data.organization.createdAt)
  ) : (
    <Skeleton className={styles.day} aria-label={text.list.loading}>
      <SkeletonItem size={16} />
    </Skeleton>
  );
  return (
    <Page title={text.overview.title} lead={text.overview.lead(me.organization.name)}>
      {query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Card size="large" className={styles.card}>
          <Subtitle2 as="h2">{name}</Subtitle2>
          <Facts
            facts={[
              [text.profile.tenant, azureTenantId ?? text.profile.none],
              [text.overview.created, created],
            ]}
          />
        </Card>
      )}
      <Connection />
    </Page>
  );
}
