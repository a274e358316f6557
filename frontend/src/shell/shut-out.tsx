import { Button, Caption1 } from "@fluentui/react-components";
import { DoorRegular } from "@fluentui/react-icons";
import { TenantryError } from "@tenantry/client";

import { signInUrl } from "../lib/me";
import { useWords } from "../text/text";
import { Empty } from "./page";

/** Whether somebody who is known may not come in: their organization is deleted or suspended, say, or they are. */
export function isShutOut(error: unknown): error is TenantryError {
  return error instanceof TenantryError && error.status === 403;
}

/** Why, in the service's words, and the other door. */
export function ShutOut({ error }: { readonly error: TenantryError }) {
  const { text } = useWords();
  const leads: Readonly<Record<string, string>> = text.shutOut.leads;
  const action = (
    <>
      <Button as="a" appearance="primary" href={signInUrl("/", { prompt: "select_account" })}>
        {text.shutOut.other}
      </Button>
      {error.requestId !== undefined && <Caption1>{text.failure.requestId(error.requestId)}</Caption1>}
    </>
  );
  return <Empty icon={<DoorRegular />} title={text.shutOut.title} lead={leads[error.code] ?? error.message} action={action} isAlone />;
}
