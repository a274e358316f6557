import { Badge, Body1, Button, Caption1, Card, makeStyles, MessageBar, MessageBarBody, MessageBarTitle, Subtitle2, tokens } from "@fluentui/react-components";
import { ArrowSyncRegular, CheckmarkCircleRegular, ErrorCircleRegular } from "@fluentui/react-icons";
import { data, type components } from "@tenantry/client";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../lib/api";
import { useMay } from "../lib/me";
import { useToasts } from "../lib/toast";
import { Failure } from "../shell/failure";
import { Loading } from "../shell/page";
import { useWords } from "../text/text";

type Status = components["schemas"]["OnboardingStatus"];

const statusQuery = queryOptions({
  queryKey: ["onboarding"],
  queryFn: async () => (await data(api.GET("/api/onboarding/status"))).data,
});

const useStyles = makeStyles({
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalM },
  permissions: { display: "grid", gap: tokens.spacingVerticalS, listStyleType: "none", margin: 0, padding: 0 },
  permission: { display: "flex", gap: tokens.spacingHorizontalS, alignItems: "start", fontSize: "20px" },
  granted: { color: tokens.colorStatusSuccessForeground1, flexShrink: 0 },
  missing: { color: tokens.colorStatusDangerForeground1, flexShrink: 0 },
  quiet: { color: tokens.colorNeutralForeground3, overflowWrap: "anywhere" },
  when: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalS, marginLeft: "auto" },
});

/** How the organization is connected to Microsoft 365, and what to do where something is missing. */
export function Connection() {
  const styles = useStyles();
  const { text, moment } = useWords();
  const states: Readonly<Record<string, string>> = text.consent.states;
  const query = useQuery(statusQuery);
  if (query.isPending) return <Loading rows={3} />;
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  const status = query.data;
  return (
    <Card size="large">
      <div className={styles.head}>
        <Subtitle2 as="h2">{text.connection.title}</Subtitle2>
        <Badge appearance="tint" color={status.state === "active" ? "success" : "warning"}>
          {states[status.state] ?? status.state}
        </Badge>
        <span className={styles.when}>
          <Caption1>{status.checkedAt === null ? text.consent.never : text.consent.checked(moment(status.checkedAt))}</Caption1>
          <Check />
        </span>
      </div>
      <Finding status={status} />
      <ul className={styles.permissions}>
        {status.permissions.map((permission) => (
          <li key={permission.name} className={styles.permission}>
            {permission.granted ? (
              <CheckmarkCircleRegular className={styles.granted} aria-label={text.consent.granted} />
            ) : (
              <ErrorCircleRegular className={styles.missing} aria-label={text.consent.missing} />
            )}
            <div>
              <Body1 block>{permission.meaning}</Body1>
              <Caption1 className={styles.quiet}>{permission.name}</Caption1>
            </div>
          </li>
        ))}
      </ul>
      {status.state !== "active" && (
        <div>
          <Button as="a" href={status.consentUrl} appearance="primary">
            {text.connection.consent}
          </Button>
        </div>
      )}
    </Card>
  );
}

/** Has the tenant asked again, in the background. */
function Check() {
  const { text } = useWords();
  const toasts = useToasts();
  const queries = useQueryClient();
  const mayManage = useMay("organization:manage");
  const check = useMutation({
    mutationFn: () => data(api.POST("/api/onboarding/check")),
    onSuccess: ({ data: status }) => {
      queries.setQueryData(statusQuery.queryKey, status);
      toasts.done(text.consent.checking);
      setTimeout(() => void queries.invalidateQueries({ queryKey: statusQuery.queryKey }), 3_000);
    },
    onError: toasts.failed,
  });
  if (!mayManage) return null;
  return (
    <Button size="small" icon={<ArrowSyncRegular />} disabledFocusable={check.isPending} onClick={() => check.mutate()}>
      {text.consent.check}
    </Button>
  );
}

function Finding({ status }: { readonly status: Status }) {
  const { finding } = status;
  if (finding === null) return null;
  return (
    <MessageBar intent="warning" layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{finding.text}</MessageBarTitle>
        {finding.nextStep}
      </MessageBarBody>
    </MessageBar>
  );
}
