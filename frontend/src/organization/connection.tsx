import { Badge, Body1, Button, Card, makeStyles, MessageBar, MessageBarBody, MessageBarTitle, Subtitle2, tokens } from "@fluentui/react-components";
import { data, type components } from "@tenantry/client";
import { useQuery } from "@tanstack/react-query";

import { api } from "../lib/api";
import { Failure, Loading } from "../shell/page";
import { useWords } from "../text/text";

type Status = components["schemas"]["OnboardingStatus"];

const useStyles = makeStyles({
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalM },
  permissions: { display: "grid", gap: tokens.spacingVerticalS, listStyleType: "none", margin: 0, padding: 0 },
});

/** How the organization is connected to Microsoft 365, and what to do where something is missing. */
export function Connection() {
  const styles = useStyles();
  const { text } = useWords();
  const query = useQuery({
    queryKey: ["onboarding"],
    queryFn: async () => (await data(api.GET("/api/onboarding/status"))).data,
  });
  if (query.isPending) return <Loading rows={3} />;
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  const status = query.data;
  return (
    <Card size="large">
      <div className={styles.head}>
        <Subtitle2 as="h2">{text.connection.title}</Subtitle2>
        <Badge appearance="tint" color={status.state === "active" ? "success" : "warning"}>
          {status.state}
        </Badge>
      </div>
      <Finding status={status} />
      <ul className={styles.permissions}>
        {status.permissions.map((permission) => (
          <li key={permission.name}>
            <Badge appearance="outline" color={permission.granted ? "success" : "danger"}>
              {permission.name}
            </Badge>{" "}
            <Body1>{permission.meaning}</Body1>
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
