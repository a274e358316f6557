import { Badge, Button, Card, Caption1, makeStyles, Subtitle2, tokens } from "@fluentui/react-components";
import { DesktopRegular } from "@fluentui/react-icons";
import { data, type components } from "@tenantry/client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../lib/api";
import { useSignOut } from "../lib/sign-out";
import { useToasts } from "../lib/toast";
import { Failure } from "../shell/failure";
import { Empty, Loading, Page } from "../shell/page";
import { useWords } from "../text/text";
import { agentOf } from "./agent";

type Session = components["schemas"]["Session"];

const SESSIONS = ["sessions"];

const useStyles = makeStyles({
  list: { display: "grid", gap: tokens.spacingVerticalM, listStyleType: "none", margin: 0, padding: 0 },
  row: { display: "flex", flexWrap: "wrap", alignItems: "center", justifyContent: "space-between", gap: tokens.spacingHorizontalL },
  what: { display: "grid", minWidth: 0, overflowWrap: "anywhere" },
  name: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalS },
  quiet: { color: tokens.colorNeutralForeground3 },
});

/** Where one is signed in, and the way to end it there. */
export function Sessions() {
  const styles = useStyles();
  const { text } = useWords();
  const query = useQuery({
    queryKey: SESSIONS,
    queryFn: async () => (await data(api.GET("/api/auth/sessions"))).data,
  });
  return (
    <Page title={text.sessions.title} lead={text.sessions.lead}>
      {query.isPending && <Loading rows={2} />}
      {query.isError && <Failure error={query.error} retry={() => void query.refetch()} />}
      {query.data?.length === 0 && (
        <Empty icon={<DesktopRegular />} title={text.sessions.empty} lead={text.sessions.lead} />
      )}
      <ul className={styles.list}>
        {query.data?.map((session) => (
          <li key={session.sessionHandle}>
            <Card>
              <SessionRow session={session} />
            </Card>
          </li>
        ))}
      </ul>
    </Page>
  );
}

function SessionRow({ session }: { readonly session: Session }) {
  const styles = useStyles();
  const { text, moment } = useWords();
  const toasts = useToasts();
  const queries = useQueryClient();
  const signOut = useSignOut();
  const agent = agentOf(session.userAgent);
  const end = useMutation({
    mutationFn: async () => {
      const params = { path: { sessionId: session.sessionHandle } };
      return data(api.DELETE("/api/auth/sessions/{sessionId}", { params }));
    },
    onSuccess: () => toasts.done(text.sessions.ended),
    onError: toasts.failed,
    onSettled: () => queries.invalidateQueries({ queryKey: SESSIONS }),
  });
  return (
    <div className={styles.row}>
      <div className={styles.what}>
        <Subtitle2 title={session.userAgent ?? ""} className={styles.name}>
          {agent === undefined ? text.sessions.unknown : agent.system === undefined ? agent.program : text.sessions.on(agent.program, agent.system)}
          {session.current && <Badge appearance="tint">{text.sessions.current}</Badge>}
        </Subtitle2>
        <Caption1 className={styles.quiet}>
          {text.sessions.active(moment(session.lastActiveAt))}
          {session.ipAddress !== null && ` · ${session.ipAddress}`}
        </Caption1>
      </div>
      {session.current ? (
        <Button onClick={signOut}>{text.signOut}</Button>
      ) : (
        <Button disabled={end.isPending} onClick={() => end.mutate()}>
          {text.sessions.end}
        </Button>
      )}
    </div>
  );
}
