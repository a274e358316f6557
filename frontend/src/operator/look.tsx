import { Body1, Button, Caption1, Card, makeStyles, MessageBar, MessageBarBody, MessageBarTitle, Subtitle2, tokens } from "@fluentui/react-components";
import { EyeRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { Reasons } from "../lib/field-errors";
import { Facts } from "../shell/facts";
import { PermissionList } from "../organization/permission-list";
import { Loading } from "../shell/page";
import { useWords } from "../text/text";
import { OperatorFailure } from "./area";
import { lookQuery, type TenantDetail } from "./queries";
import { Reason, saysSomething } from "./reason";

const useStyles = makeStyles({
  form: { display: "grid", gridTemplateColumns: "minmax(0, 1fr)", gap: tokens.spacingVerticalM, maxWidth: "560px" },
  open: { justifySelf: "start" },
  quiet: { color: tokens.colorNeutralForeground3 },
});

/** A look into an organization, which opens with a reason. */
export function Look({ id }: { readonly id: string }) {
  const styles = useStyles();
  const { text } = useWords();
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState<string>();
  const query = useQuery({ ...lookQuery(id, reason ?? ""), enabled: reason !== undefined });
  const reasons = new Reasons(query.error);
  const wrong = reasons.of("reason");
  return (
    <Card size="large">
      <Subtitle2 as="h2">{text.operator.look}</Subtitle2>
      {query.isSuccess ? (
        <Seen detail={query.data} />
      ) : (
        <form
          className={styles.form}
          aria-label={text.operator.look}
          onSubmit={(event) => {
            event.preventDefault();
            const given = typed.trim();
            if (!saysSomething(given)) return;
            if (given === reason) void query.refetch();
            else setReason(given);
          }}
        >
          <Body1>{text.operator.lookLead}</Body1>
          <Reason reason={typed} onChange={setTyped} error={wrong} />
          {query.isError && reasons.isElsewhere && <OperatorFailure error={query.error} retry={() => void query.refetch()} />}
          {query.isFetching ? (
            <Loading rows={1} />
          ) : (
            <Button className={styles.open} type="submit" appearance="primary" icon={<EyeRegular />} disabledFocusable={!saysSomething(typed)}>
              {text.operator.open}
            </Button>
          )}
        </form>
      )}
    </Card>
  );
}

/** What is in it, in numbers, and how it is connected to its tenant. */
function Seen({ detail }: { readonly detail: TenantDetail }) {
  const styles = useStyles();
  const { text, number, moment } = useWords();
  const { permissions, verifiedDomains, checkedAt, finding } = detail.onboarding;
  return (
    <>
      <Facts
        facts={[
          ...(detail.suspendedReason === null ? [] : [[text.operator.suspendedReason, detail.suspendedReason] as const]),
          [text.operator.members, number(detail.members)],
          [text.operator.connections, number(detail.connections)],
          [text.operator.apiKeys, number(detail.apiKeys)],
          [text.operator.domains, verifiedDomains.length === 0 ? "–" : verifiedDomains.join(", ")],
        ]}
      />
      <Subtitle2 as="h3">{text.connection.title}</Subtitle2>
      <Caption1 className={styles.quiet}>{checkedAt === null ? text.consent.never : text.consent.checked(moment(checkedAt))}</Caption1>
      {finding !== null && (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>
            <MessageBarTitle>{finding.text}</MessageBarTitle>
            {finding.nextStep}
          </MessageBarBody>
        </MessageBar>
      )}
      {permissions.length > 0 && <PermissionList permissions={permissions} />}
    </>
  );
}
