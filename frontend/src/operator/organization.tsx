import { Card, makeStyles, MessageBar, MessageBarBody, tokens } from "@fluentui/react-components";
import { ArrowLeftRegular, BuildingRegular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";

import { Copyable } from "../lib/copyable";
import { ButtonLink } from "../lib/link";
import { Facts } from "../shell/facts";
import { Empty, Loading, Page } from "../shell/page";
import { useWords } from "../text/text";
import { TenantActions } from "./actions";
import { OperatorFailure } from "./area";
import { Look } from "./look";
import { tenantQuery, type Tenant } from "./queries";
import { TenantBadge } from "./state";

const route = getRouteApi("/signed-in/operator/organizations/$organizationId");

const useStyles = makeStyles({
  back: { marginBottom: tokens.spacingVerticalS, marginLeft: `calc(-1 * ${tokens.spacingHorizontalMNudge})` },
  all: { display: "grid", gridTemplateColumns: "minmax(0, 1fr)", gap: tokens.spacingVerticalL },
});

/** One organization: how it stands, what can be done with it, and a look into it for whoever says why. */
export function OneOrganization() {
  const styles = useStyles();
  const { text } = useWords();
  const { organizationId } = route.useParams();
  const query = useQuery(tenantQuery(useQueryClient(), organizationId));
  const tenant = query.data;
  return (
    <Page
      title={tenant?.name ?? text.operator.organization}
      actions={tenant && <TenantActions tenant={tenant} />}
      above={
        <ButtonLink className={styles.back} to="/operator/organizations" search={{}} appearance="subtle" size="small" icon={<ArrowLeftRegular />}>
          {text.operator.back}
        </ButtonLink>
      }
    >
      {query.isPending && <Loading rows={6} />}
      {query.isError && <OperatorFailure error={query.error} retry={() => void query.refetch()} />}
      {tenant === null && <Empty icon={<BuildingRegular />} title={text.operator.notThere} lead={text.operator.notThereLead} />}
      {tenant && (
        <div className={styles.all}>
          <Ending tenant={tenant} />
          <Card size="large">
            <TenantFacts tenant={tenant} />
          </Card>
          <Look key={tenant.id} id={tenant.id} />
        </div>
      )}
    </Page>
  );
}

/** Until when a deleted one can be brought back. */
function Ending({ tenant: { deletedAt, purgeAt } }: { readonly tenant: Tenant }) {
  const { text, moment, day } = useWords();
  if (deletedAt === null || purgeAt === null) return null;
  return (
    <MessageBar intent="warning" layout="multiline">
      <MessageBarBody>{text.operator.deletedLead(moment(deletedAt), day(purgeAt))}</MessageBarBody>
    </MessageBar>
  );
}

function TenantFacts({ tenant }: { readonly tenant: Tenant }) {
  const { text, moment } = useWords();
  return (
    <Facts
      facts={[
        [text.operator.state, <TenantBadge state={tenant.state} />],
        [text.operator.domain, tenant.domain ?? "–"],
        [text.profile.tenant, tenant.tenantId === null ? text.operator.noTenant : <Copyable label={text.profile.tenant} value={tenant.tenantId} />],
        [text.operator.id, <Copyable label={text.operator.id} value={tenant.id} />],
        [text.operator.created, moment(tenant.createdAt)],
        [text.operator.consented, tenant.consentedAt === null ? text.operator.never : moment(tenant.consentedAt)],
      ]}
    />
  );
}
