import { makeStyles, Table, TableBody, TableCell, TableHeader, TableHeaderCell, TableRow, Text, tokens } from "@fluentui/react-components";
import { BuildingRegular, SearchRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";

import { ButtonLink, TextLink } from "../lib/link";
import { Pager } from "../lib/pager";
import { SearchField } from "../lib/search-field";
import { Empty, Loading, Page } from "../shell/page";
import { useWords } from "../text/text";
import { OperatorFailure } from "./area";
import { tenantsQuery, type Tenant } from "./queries";
import type { OperatorSearch } from "./search";
import { TenantBadge } from "./state";

const route = getRouteApi("/signed-in/operator/organizations");

const NARROW = "@media (max-width: 640px)";

const useStyles = makeStyles({
  name: { display: "grid", minWidth: 0, overflowWrap: "anywhere", paddingBlock: tokens.spacingVerticalXS },
  quiet: { color: tokens.colorNeutralForeground3 },
  wide: { width: "150px", [NARROW]: { display: "none" } },
  state: { width: "150px", [NARROW]: { width: "132px" } },
});

/** Every organization of the service, newest first. */
export function Organizations() {
  const { text } = useWords();
  const navigate = useNavigate();
  const { q = "", page = 1 } = route.useSearch();
  const query = useQuery(tenantsQuery(q, page));
  const go = (search: OperatorSearch) => void navigate({ to: "/operator/organizations", search });
  const filter = q === "" ? {} : { q };
  const invite = (
    <ButtonLink to="/operator/invitations" search={{}} appearance="primary">
      {text.operator.invite}
    </ButtonLink>
  );
  return (
    <Page title={text.operator.organizations} lead={text.operator.organizationsLead} actions={invite}>
      <SearchField key={q} label={text.operator.search} words={q} onSearch={(words) => go(words === "" ? {} : { q: words })} />
      {query.isPending && <Loading rows={8} />}
      {query.isError && <OperatorFailure error={query.error} retry={() => void query.refetch()} />}
      {query.data?.items.length === 0 &&
        (q === "" && page === 1 ? (
          <Empty icon={<BuildingRegular />} title={text.operator.noOrganizations} lead={text.operator.noOrganizationsLead} action={invite} />
        ) : (
          <Empty icon={<SearchRegular />} title={text.operator.noneFit} lead={text.operator.noneFitLead} />
        ))}
      {query.data !== undefined && query.data.items.length > 0 && (
        <>
          <TenantTable tenants={query.data.items} />
          <Pager
            page={page}
            shown={query.data.items.length}
            total={query.data.total}
            onPage={(to) => go({ ...filter, ...(to > 1 ? { page: to } : {}) })}
          />
        </>
      )}
    </Page>
  );
}

function TenantTable({ tenants }: { readonly tenants: readonly Tenant[] }) {
  const styles = useStyles();
  const { text, day } = useWords();
  return (
    <Table aria-label={text.operator.organizations}>
      <TableHeader>
        <TableRow>
          <TableHeaderCell>{text.operator.name}</TableHeaderCell>
          <TableHeaderCell className={styles.wide}>{text.operator.created}</TableHeaderCell>
          <TableHeaderCell className={styles.wide}>{text.operator.consented}</TableHeaderCell>
          <TableHeaderCell className={styles.state}>{text.operator.state}</TableHeaderCell>
        </TableRow>
      </TableHeader>
      <TableBody>
        {tenants.map((tenant) => (
          <TableRow key={tenant.id}>
            <TableCell>
              <span className={styles.name}>
                <TextLink to="/operator/organizations/$organizationId" params={{ organizationId: tenant.id }}>
                  {tenant.name}
                </TextLink>
                <Text size={200} className={styles.quiet}>
                  {tenant.domain ?? tenant.tenantId ?? text.operator.noTenant}
                </Text>
              </span>
            </TableCell>
            <TableCell className={styles.wide}>{day(tenant.createdAt)}</TableCell>
            <TableCell className={styles.wide}>{tenant.consentedAt === null ? "–" : day(tenant.consentedAt)}</TableCell>
            <TableCell className={styles.state}>
              <TenantBadge state={tenant.state} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
