import { Body1, Button } from "@fluentui/react-components";
import { DeleteRegular } from "@fluentui/react-icons";
import { data } from "@tenantry/client";
import { useQueryClient } from "@tanstack/react-query";

import { api } from "../lib/api";
import { FormDialog } from "../lib/form";
import { useToasts } from "../lib/toast";
import { useWords } from "../text/text";
import { nameOf, type Connection } from "./connection";
import { CONNECTIONS } from "./queries";

/** Forgets an account and its tokens, after a question. */
export function DeleteConnection({ connection }: { readonly connection: Connection }) {
  const { text } = useWords();
  const toasts = useToasts();
  const queries = useQueryClient();
  const name = nameOf(connection, text.connections.unnamed);
  const submit = async () => {
    await data(api.DELETE("/api/connections/{connectionId}", { params: { path: { connectionId: connection.id } } }));
    toasts.done(text.connections.deleted(name));
    await queries.invalidateQueries({ queryKey: CONNECTIONS });
  };
  const trigger = (open: () => void) => (
    <Button icon={<DeleteRegular />} onClick={open}>
      {text.connections.delete}
    </Button>
  );
  return (
    <FormDialog title={text.connections.deleteTitle(name)} trigger={trigger} submit={submit} save={text.connections.delete}>
      {() => <Body1>{text.connections.deleteLead}</Body1>}
    </FormDialog>
  );
}
