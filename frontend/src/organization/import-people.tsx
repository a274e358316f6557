import { Body1, Button, Caption1, Card, makeStyles, MessageBar, MessageBarBody, ProgressBar, Subtitle2, tokens } from "@fluentui/react-components";
import { PeopleAddRegular } from "@fluentui/react-icons";
import { data, TenantryError, type components } from "@tenantry/client";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { api } from "../lib/api";
import { useMay } from "../lib/me";
import { useToasts } from "../lib/toast";
import { useWords } from "../text/text";

type UserImport = components["schemas"]["UserImport"];

const IMPORT = ["user-import"];

/** The last import of people; `null` when there was none. Asked for again and again while it runs. */
const importQuery = queryOptions({
  queryKey: IMPORT,
  queryFn: async (): Promise<UserImport | null> => {
    try {
      return (await data(api.GET("/api/organization/import-users"))).data;
    } catch (error) {
      if (error instanceof TenantryError && error.status === 404) return null;
      throw error;
    }
  },
  refetchInterval: ({ state }) => (state.data?.state === "running" ? 1_500 : false),
});

const useStyles = makeStyles({
  card: { marginBottom: tokens.spacingVerticalL },
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", justifyContent: "space-between", gap: tokens.spacingHorizontalM },
  words: { display: "grid", gap: tokens.spacingVerticalXS, flexBasis: "360px", flexGrow: 1 },
});

/** Brings everybody in whom Microsoft lists, and shows how far that is. */
export function ImportPeople() {
  const mayImport = useMay("members:import");
  return mayImport ? <Import /> : null;
}

function Import() {
  const styles = useStyles();
  const { text } = useWords();
  const toasts = useToasts();
  const queries = useQueryClient();
  const { data: last } = useQuery(importQuery);
  const start = useMutation({
    mutationFn: () => data(api.POST("/api/organization/import-users")),
    onSuccess: ({ data: begun }) => {
      queries.setQueryData(IMPORT, begun);
      toasts.done(text.people.started);
    },
    onError: toasts.failed,
  });
  const isRunning = last?.state === "running";
  const added = last?.added ?? 0;
  // Those who have just come in are shown below.
  useEffect(() => {
    if (added > 0) void queries.invalidateQueries({ queryKey: ["members"] });
  }, [queries, added, isRunning]);
  return (
    <Card size="large" className={styles.card}>
      <div className={styles.head}>
        <div className={styles.words}>
          <Subtitle2 as="h2">{text.people.import}</Subtitle2>
          <Body1>{text.people.importLead}</Body1>
        </div>
        <Button icon={<PeopleAddRegular />} disabledFocusable={isRunning || start.isPending} onClick={() => start.mutate()}>
          {text.people.start}
        </Button>
      </div>
      {last && <Progress last={last} />}
    </Card>
  );
}

function Progress({ last }: { readonly last: UserImport }) {
  const { text, number, moment } = useWords();
  const words =
    last.state === "running" ? text.people.running : last.state === "done" ? text.people.done : text.people.failed;
  const counts = [
    text.people.seen(number(last.seen)),
    text.people.added(number(last.added)),
    text.people.updated(number(last.updated)),
    ...(last.skipped > 0 ? [text.people.skipped(number(last.skipped))] : []),
  ];
  return (
    <div role="status">
      {last.state === "running" && <ProgressBar aria-label={text.people.running} />}
      <Caption1 block>
        {words} ({moment(last.updatedAt)}): {counts.join(", ")}.
      </Caption1>
      {last.trouble !== null && (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>{last.trouble}</MessageBarBody>
        </MessageBar>
      )}
    </div>
  );
}
