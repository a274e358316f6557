import {
  Body1,
  Button,
  Caption1,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  DialogTrigger,
  Field,
  makeStyles,
  Select,
  tokens,
} from "@fluentui/react-components";
import { KeyRegular } from "@fluentui/react-icons";
import { data } from "@tenantry/client";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../lib/api";
import { Copyable } from "../lib/copyable";
import { ButtonLink } from "../lib/link";
import { FocusReturns } from "../lib/return-focus";
import { Snippets } from "../lib/snippets";
import { Failure } from "../shell/failure";
import { useWords } from "../text/text";
import type { Connection } from "./connection";

const useStyles = makeStyles({ content: { display: "grid", gap: tokens.spacingVerticalM, minWidth: 0 } });

/** How an automation fetches a token of this connection, and whether that works right now. */
export function FetchToken({ connection }: { readonly connection: Connection }) {
  const styles = useStyles();
  const { text, moment } = useWords();
  const [resource, setResource] = useState<"graph" | "sharepoint">("graph");
  const path = `/api/connections/${connection.id}/token?resource=${resource}`;
  const fetched = useMutation({
    mutationFn: async () => {
      const params = { path: { connectionId: connection.id }, query: { resource } };
      return (await data(api.GET("/api/connections/{connectionId}/token", { params }))).data;
    },
  });
  return (
    // A token is not kept in the page longer than it is looked at.
    <Dialog onOpenChange={() => fetched.reset()}>
      <DialogTrigger disableButtonEnhancement>
        <Button icon={<KeyRegular />}>{text.connections.token}</Button>
      </DialogTrigger>
      <DialogSurface>
        <FocusReturns />
        <DialogBody>
          <DialogTitle>{text.connections.token}</DialogTitle>
          <DialogContent className={styles.content}>
            {connection.sharepointHost !== null && (
              <Field label={text.connections.resource}>
                <Select
                  value={resource}
                  onChange={(_, { value }) => {
                    fetched.reset();
                    setResource(value === "sharepoint" ? "sharepoint" : "graph");
                  }}
                >
                  <option value="graph">{text.connections.resources.graph}</option>
                  <option value="sharepoint">{text.connections.resources.sharepoint}</option>
                </Select>
              </Field>
            )}
            <Caption1>{text.connections.tokenLead}</Caption1>
            <Snippets label={text.apiKeys.snippet} call={{ origin: globalThis.location.origin, key: "YOUR_API_KEY", path }} />
            {fetched.isError && <Failure error={fetched.error} />}
            {fetched.data && (
              <div role="status">
                <Body1 block>{text.connections.got(moment(fetched.data.expiresAt))}</Body1>
                <Copyable label={text.connections.accessToken} value={fetched.data.accessToken} isShort />
              </div>
            )}
          </DialogContent>
          <DialogActions fluid>
            <ButtonLink to="/organization/api-keys">{text.connections.makeKey}</ButtonLink>
            <Button disabledFocusable={fetched.isPending} onClick={() => fetched.mutate()}>
              {text.connections.try}
            </Button>
            <DialogTrigger disableButtonEnhancement>
              <Button appearance="primary">{text.form.close}</Button>
            </DialogTrigger>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
