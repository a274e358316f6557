import {
  Accordion,
  AccordionHeader,
  AccordionItem,
  AccordionPanel,
  Button,
  Checkbox,
  Field,
  Input,
  makeStyles,
  Select,
  tokens,
} from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons";
import { data } from "@tenantry/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../lib/api";
import { FormDialog } from "../lib/form";
import { Group } from "../lib/group";
import { useMe } from "../lib/me";
import { Permission } from "../lib/permission";
import { useWords } from "../text/text";
import { BLANK, bodyOf, isComplete, type Ending, type KeyDraft } from "./draft";
import { Limits } from "./limits";
import { scopesToGive, type ApiKey } from "./key";
import { API_KEYS } from "./queries";

const ENDINGS: readonly Ending[] = ["30", "90", "365", "day", "never"];

const useStyles = makeStyles({
  scopes: { display: "grid", alignItems: "start", gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 220px), 1fr))" },
  limits: { display: "grid", gap: tokens.spacingVerticalM },
  header: { marginLeft: `calc(-1 * ${tokens.spacingHorizontalMNudge})` },
});

/** Makes a key; it is given on, since it can be seen this one time. */
export function NewKey({ onMade }: { readonly onMade: (made: ApiKey) => void }) {
  const styles = useStyles();
  const { text } = useWords();
  const me = useMe();
  const queries = useQueryClient();
  const [draft, setDraft] = useState<KeyDraft>(BLANK);
  const [attempt, setAttempt] = useState("");
  const change = (part: Partial<KeyDraft>) => setDraft((before) => ({ ...before, ...part }));
  const submit = async () => {
    const header = { "Idempotency-Key": attempt };
    const made = await data(api.POST("/api/api-keys", { params: { header }, body: bodyOf(draft, Date.now()) }));
    onMade(made.data);
    await queries.invalidateQueries({ queryKey: API_KEYS });
  };
  const trigger = (open: () => void) => (
    <Button
      appearance="primary"
      icon={<AddRegular />}
      onClick={() => {
        setDraft(BLANK);
        setAttempt(crypto.randomUUID());
        open();
      }}
    >
      {text.apiKeys.create}
    </Button>
  );
  const endings: Record<Ending, string> = {
    "30": text.apiKeys.days(30),
    "90": text.apiKeys.days(90),
    "365": text.apiKeys.year,
    day: text.apiKeys.onDay,
    never: text.apiKeys.never,
  };
  return (
    <FormDialog title={text.apiKeys.create} trigger={trigger} submit={submit} save={text.apiKeys.make} isComplete={isComplete(draft)}>
      {(errors) => (
        <>
          <Field label={text.apiKeys.name} required hint={text.apiKeys.nameHint} validationMessage={errors("name") ?? null}>
            <Input maxLength={200} value={draft.name} onChange={(_, { value }) => change({ name: value })} />
          </Field>
          <Group
            label={text.apiKeys.scopes}
            error={errors("scopes")}
            {...(draft.scopes.length === 0 ? { hint: text.apiKeys.noScopes } : {})}
          >
            <div className={styles.scopes}>
              {scopesToGive(me.permissions).map((scope) => (
                <Checkbox
                  key={scope}
                  label={<Permission name={scope} />}
                  checked={draft.scopes.includes(scope)}
                  onChange={(_, { checked }) =>
                    change({ scopes: checked === true ? [...draft.scopes, scope] : draft.scopes.filter((each) => each !== scope) })
                  }
                />
              ))}
            </div>
          </Group>
          <Field label={text.apiKeys.expires} validationMessage={errors("expiresAt") ?? null}>
            <Select
              value={draft.ending}
              onChange={(_, { value }) => change({ ending: ENDINGS.find((each) => each === value) ?? "90" })}
            >
              {ENDINGS.map((ending) => (
                <option key={ending} value={ending}>
                  {endings[ending]}
                </option>
              ))}
            </Select>
          </Field>
          {draft.ending === "day" && (
            <Field label={text.apiKeys.lastDay} required>
              <Input
                type="date"
                min={new Date().toISOString().slice(0, 10)}
                value={draft.day}
                onChange={(_, { value }) => change({ day: value })}
              />
            </Field>
          )}
          <Field label={text.apiKeys.serviceId} hint={text.apiKeys.serviceIdHint} validationMessage={errors("serviceId") ?? null}>
            <Input maxLength={200} value={draft.serviceId} onChange={(_, { value }) => change({ serviceId: value })} />
          </Field>
          <Accordion collapsible>
            <AccordionItem value="limits">
              <AccordionHeader className={styles.header}>{text.apiKeys.limits}</AccordionHeader>
              <AccordionPanel className={styles.limits}>
                <Limits draft={draft} change={change} errors={errors} />
              </AccordionPanel>
            </AccordionItem>
          </Accordion>
        </>
      )}
    </FormDialog>
  );
}
