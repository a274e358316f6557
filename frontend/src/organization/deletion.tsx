import { Body1, Button, Card, Field, Input, makeStyles, Subtitle2, tokens } from "@fluentui/react-components";
import { DeleteRegular } from "@fluentui/react-icons";
import { data, TenantryError } from "@tenantry/client";
import { useState } from "react";

import { api } from "../lib/api";
import { detail } from "../lib/detail";
import { FormDialog } from "../lib/form";
import { signInUrl } from "../lib/me";
import { Failure } from "../shell/failure";
import { useWords } from "../text/text";
import { Gone, type DeletedOrganization } from "./gone";
import type { Organization } from "./queries";

const useStyles = makeStyles({
  card: { border: `1px solid ${tokens.colorPaletteRedBorder2}` },
  button: { alignSelf: "start" },
});

/** Where to sign in, if the service wants a newer sign-in before it does this; the person comes back here. */
function signInAgain(error: unknown): string | undefined {
  if (!(error instanceof TenantryError) || error.code !== "INTERACTION_REQUIRED") return undefined;
  const url = new URL(detail(error, "signInUrl") ?? signInUrl("/", { prompt: "login" }), globalThis.location.origin);
  url.searchParams.set("return_to", "/organization/settings");
  return url.href;
}

/** Deletes the organization, once its name was typed. */
export function Deletion({ organization }: { readonly organization: Organization }) {
  const styles = useStyles();
  const { text } = useWords();
  const [typed, setTyped] = useState("");
  const [gone, setGone] = useState<DeletedOrganization>();
  const submit = async () => {
    const params = { query: { confirm: typed } };
    setGone((await data(api.DELETE("/api/organization", { params }))).data);
  };
  if (gone) return <Gone name={organization.name} gone={gone} />;
  const trigger = (open: () => void) => (
    <Button
      className={styles.button}
      icon={<DeleteRegular />}
      onClick={() => {
        setTyped("");
        open();
      }}
    >
      {text.leaving.delete}
    </Button>
  );
  const failure = (error: unknown) => {
    const again = signInAgain(error);
    return again === undefined ? (
      <Failure error={error} />
    ) : (
      <>
        <Body1>{text.leaving.again}</Body1>
        <div>
          <Button as="a" appearance="primary" href={again}>
            {text.leaving.signIn}
          </Button>
        </div>
      </>
    );
  };
  return (
    <Card size="large" className={styles.card}>
      <Subtitle2 as="h2">{text.leaving.deleteTitle}</Subtitle2>
      <Body1>{text.leaving.deleteLead}</Body1>
      <FormDialog
        title={text.leaving.confirm(organization.name)}
        trigger={trigger}
        submit={submit}
        save={text.form.remove}
        isComplete={typed === organization.name}
        failure={failure}
      >
        {() => (
          <>
            <Body1>{text.leaving.exportFirst}</Body1>
            <Field label={text.leaving.typeName(organization.name)}>
              <Input autoComplete="off" value={typed} onChange={(_, { value }) => setTyped(value)} />
            </Field>
          </>
        )}
      </FormDialog>
    </Card>
  );
}
