import { Body1, Button, Field, makeStyles, Select, tokens } from "@fluentui/react-components";
import { ArrowSyncRegular, DeleteRegular, ProhibitedRegular } from "@fluentui/react-icons";
import { data } from "@tenantry/client";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { api } from "../lib/api";
import { FormDialog, textOf } from "../lib/form";
import { useToasts } from "../lib/toast";
import { useWords } from "../text/text";
import type { ApiKey } from "./key";
import { API_KEYS } from "./queries";

const HOUR = 3_600;
/** For how many seconds the old secret goes on. */
const OVERLAPS = { now: 0, hour: HOUR, day: 24 * HOUR, week: 168 * HOUR, month: 720 * HOUR } as const;
type Overlap = keyof typeof OVERLAPS;
const CHOICES = ["day", "hour", "week", "month", "now"] as const satisfies readonly Overlap[];

const useStyles = makeStyles({ actions: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS } });

interface ActionsProps {
  readonly apiKey: ApiKey;
  readonly onRotated: (apiKey: ApiKey) => void;
}

/** What can be done with a key. Ending one can't be undone, so it is asked for twice. */
export function KeyActions({ apiKey, onRotated }: ActionsProps) {
  const styles = useStyles();
  return (
    <div className={styles.actions}>
      {apiKey.isActive && <Rotate apiKey={apiKey} onRotated={onRotated} />}
      {apiKey.isActive && <Revoke apiKey={apiKey} />}
      <Delete apiKey={apiKey} />
    </div>
  );
}

function Rotate({ apiKey, onRotated }: ActionsProps) {
  const { text } = useWords();
  const queries = useQueryClient();
  const submit = async (form: FormData) => {
    const overlap = CHOICES.find((choice) => choice === textOf(form, "overlap")) ?? "day";
    const params = { path: { apiKeyId: apiKey.id }, query: { overlapSeconds: OVERLAPS[overlap] } };
    onRotated((await data(api.POST("/api/api-keys/{apiKeyId}/rotate", { params }))).data);
    await queries.invalidateQueries({ queryKey: API_KEYS });
  };
  const trigger = (open: () => void) => (
    <Button icon={<ArrowSyncRegular />} onClick={open}>
      {text.apiKeys.rotate}
    </Button>
  );
  return (
    <FormDialog title={text.apiKeys.rotateTitle(apiKey.name)} trigger={trigger} submit={submit} save={text.apiKeys.rotate}>
      {() => (
        <>
          <Body1>{text.apiKeys.rotateLead}</Body1>
          <Field label={text.apiKeys.overlap}>
            <Select name="overlap">
              {CHOICES.map((choice) => (
                <option key={choice} value={choice}>
                  {text.apiKeys.overlaps[choice]}
                </option>
              ))}
            </Select>
          </Field>
        </>
      )}
    </FormDialog>
  );
}

function Revoke({ apiKey }: { readonly apiKey: ApiKey }) {
  const { text } = useWords();
  const toasts = useToasts();
  const queries = useQueryClient();
  const submit = async () => {
    await data(api.DELETE("/api/api-keys/{apiKeyId}/revoke", { params: { path: { apiKeyId: apiKey.id } } }));
    toasts.done(text.apiKeys.revoked(apiKey.name));
    await queries.invalidateQueries({ queryKey: API_KEYS });
  };
  const trigger = (open: () => void) => (
    <Button icon={<ProhibitedRegular />} onClick={open}>
      {text.apiKeys.revoke}
    </Button>
  );
  return (
    <FormDialog title={text.apiKeys.revokeTitle(apiKey.name)} trigger={trigger} submit={submit} save={text.apiKeys.revoke}>
      {() => <Body1>{text.apiKeys.revokeLead}</Body1>}
    </FormDialog>
  );
}

function Delete({ apiKey }: { readonly apiKey: ApiKey }) {
  const { text } = useWords();
  const toasts = useToasts();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const submit = async () => {
    await data(api.DELETE("/api/api-keys/{apiKeyId}", { params: { path: { apiKeyId: apiKey.id } } }));
    toasts.done(text.apiKeys.deleted(apiKey.name));
    await navigate({ to: "/organization/api-keys" });
    queries.removeQueries({ queryKey: [...API_KEYS, "one", apiKey.id] });
    await queries.invalidateQueries({ queryKey: API_KEYS });
  };
  const trigger = (open: () => void) => (
    <Button icon={<DeleteRegular />} onClick={open}>
      {text.form.remove}
    </Button>
  );
  return (
    <FormDialog title={text.apiKeys.deleteTitle(apiKey.name)} trigger={trigger} submit={submit} save={text.form.remove}>
      {() => <Body1>{text.apiKeys.deleteLead}</Body1>}
    </FormDialog>
  );
}
