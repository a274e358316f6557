import { Badge, Body1, Button, Caption1, Card, makeStyles, MessageBar, MessageBarBody, Subtitle2, tokens } from "@fluentui/react-components";
import { ArrowSyncRegular, CheckmarkCircleRegular, ErrorCircleRegular, WarningRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";

import { Facts } from "../shell/facts";
import { Loading, Page } from "../shell/page";
import { useWords } from "../text/text";
import { OperatorFailure } from "./area";
import { byUrgency, keyed, worst } from "./findings";
import { healthQuery, type Finding } from "./queries";

const useStyles = makeStyles({
  all: { display: "grid", gridTemplateColumns: "minmax(0, 1fr)", gap: tokens.spacingVerticalL },
  list: { display: "grid", gap: tokens.spacingVerticalM, listStyleType: "none", margin: 0, padding: 0 },
  finding: { display: "grid", gridTemplateColumns: "auto minmax(0, 1fr)", columnGap: tokens.spacingHorizontalM, alignItems: "start" },
  icon: { fontSize: "20px", lineHeight: 1 },
  ok: { color: tokens.colorStatusSuccessForeground1 },
  warning: { color: tokens.colorStatusWarningForeground1 },
  error: { color: tokens.colorStatusDangerForeground1 },
  words: { overflowWrap: "anywhere", display: "grid", gap: tokens.spacingVerticalXS, justifyItems: "start" },
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalS },
  // The service says things without a capital, as lines of a report.
  sentence: { display: "block", "::first-letter": { textTransform: "uppercase" } },
  quiet: { color: tokens.colorNeutralForeground3 },
});

/** How the service is: what was looked at, and what to do where something is wrong. */
export function Health() {
  const styles = useStyles();
  const { text, moment, number } = useWords();
  const query = useQuery(healthQuery);
  const jobs = query.data?.jobs;
  const again = (
    <Button icon={<ArrowSyncRegular />} disabledFocusable={query.isFetching} onClick={() => void query.refetch()}>
      {text.operator.checkAgain}
    </Button>
  );
  return (
    <Page title={text.operator.health} lead={text.operator.healthLead} actions={again}>
      {query.isPending && <Loading rows={6} />}
      {query.isError && <OperatorFailure error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && (
        <div className={styles.all}>
          <Summary findings={query.data.findings} />
          <Card size="large">
            <Facts
              facts={[
                [text.operator.version, query.data.version],
                [text.operator.started, moment(query.data.startedAt)],
                [text.operator.jobs, jobs ? text.operator.jobCounts(number(jobs.due), number(jobs.late)) : "–"],
              ]}
            />
          </Card>
          <ul className={styles.list} aria-label={text.operator.findings}>
            {keyed(byUrgency(query.data.findings)).map(([key, finding]) => (
              <li key={key}>
                <OneFinding finding={finding} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </Page>
  );
}

const INTENTS = { ok: "success", warning: "warning", error: "error" } as const;

function Summary({ findings }: { readonly findings: readonly Finding[] }) {
  const { text } = useWords();
  const state = worst(findings);
  return (
    <MessageBar intent={INTENTS[state]}>
      <MessageBarBody>{text.operator.summary[state]}</MessageBarBody>
    </MessageBar>
  );
}

const ICONS = { ok: CheckmarkCircleRegular, warning: WarningRegular, error: ErrorCircleRegular } as const;
const COLORS = { ok: "success", warning: "warning", error: "danger" } as const;

function OneFinding({ finding: { name, state, message, fix } }: { readonly finding: Finding }) {
  const styles = useStyles();
  const { text } = useWords();
  const Icon = ICONS[state];
  return (
    <Card>
      <div className={styles.finding}>
        <span className={styles.icon}>
          <Icon className={styles[state]} aria-hidden />
        </span>
        <div className={styles.words}>
          <span className={styles.head}>
            <Subtitle2 as="h2" className={styles.sentence}>
              {name}
            </Subtitle2>
            {state !== "ok" && (
              <Badge appearance="tint" color={COLORS[state]}>
                {text.operator.findingStates[state]}
              </Badge>
            )}
          </span>
          <Body1 className={styles.sentence}>{message}</Body1>
          {fix !== null && <Caption1 className={styles.quiet}>{text.operator.fix(fix)}</Caption1>}
        </div>
      </div>
    </Card>
  );
}
