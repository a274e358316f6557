import { Badge, Body1, Button, Caption1, Card, makeStyles, MessageBar, MessageBarBody, MessageBarTitle, Skeleton, SkeletonItem, Subtitle2, tokens } from "@fluentui/react-components";
import { ArrowSyncRegular } from "@fluentui/react-icons";
import { data, type components } from "@tenantry/client";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useLayoutEffect, useRef } from "react";

import { api } from "../lib/api";
import { useMay } from "../lib/me";
import { remember, remembered } from "../lib/remembered";
import { useToasts } from "../lib/toast";
import { Failure } from "../shell/failure";
import { useWords } from "../text/text";
import { PermissionList } from "./permission-list";

type Status = components["schemas"]["OnboardingStatus"];

const statusQuery = queryOptions({
  queryKey: ["onboarding"],
  queryFn: async () => (await data(api.GET("/api/onboarding/status"))).data,
});

/** How many permissions the service asks a tenant for, unless it is told otherwise. */
const PERMISSIONS = 2;
/** Where this browser keeps how high the card was, which depends on what is found and on the width. */
const HEIGHT = "connection.height";
const heightName = () => `${HEIGHT}.${Math.round(globalThis.innerWidth / 40)}`;

const useStyles = makeStyles({
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalM },
  permissions: { display: "grid", gap: tokens.spacingVerticalS },
  whole: { boxSizing: "border-box", overflow: "hidden" },
  waiting: { width: "min(320px, 100%)", marginLeft: "auto" },
  line: { height: "36px", display: "grid", alignContent: "space-evenly", "@media (max-width: 520px)": { height: "76px" } },
  word: { width: "160px" },
  when: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalS, marginLeft: "auto" },
});

/** How the organization is connected to Microsoft 365, and what to do where something is missing. */
export function Connection() {
  const styles = useStyles();
  const { text, moment } = useWords();
  const states: Readonly<Record<string, string>> = text.consent.states;
  const query = useQuery(statusQuery);
  const card = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (card.current !== null) remember(heightName(), String(card.current.offsetHeight));
  }, [query.data]);
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  const status = query.data;
  return (
    <div ref={card}>
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
        {status.state === "pending" && status.finding === null && <Body1>{text.connection.pending}</Body1>}
        {status.permissions.length > 0 && <PermissionList permissions={status.permissions} />}
        {status.state !== "active" && (
          <div>
            <Button as="a" href={status.consentUrl} appearance="primary">
              {text.connection.consent}
            </Button>
          </div>
        )}
      </Card>
    </div>
  );
}

/** As high as what is on its way was the last time; else as its heading, and a line with its word for each permission. */
function Waiting() {
  const styles = useStyles();
  const { text } = useWords();
  const last = remembered(heightName());
  return (
    <Card size="large" className={styles.whole} {...(last === null ? {} : { style: { height: `${Number(last)}px` } })}>
      <div className={styles.head}>
        <Subtitle2 as="h2">{text.connection.title}</Subtitle2>
        <Skeleton className={styles.waiting} aria-label={text.list.loading}>
          <SkeletonItem size={24} />
        </Skeleton>
      </div>
      <Skeleton className={styles.permissions} aria-hidden>
        {Array.from({ length: PERMISSIONS }, (_, row) => (
          <div key={row} className={styles.line}>
            <SkeletonItem size={16} />
            <SkeletonItem size={12} className={styles.word} />
          </div>
        ))}
      </Skeleton>
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
