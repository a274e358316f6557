import { Button, Field, Input } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons";
import { data } from "@tenantry/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../lib/api";
import { FormDialog } from "../lib/form";
import { useWords } from "../text/text";
import { BLANK, bodyOf, isComplete, isDays, isTenant, type InvitationDraft } from "./invitation-draft";
import { INVITATIONS, type NewInvitation } from "./queries";

/** Asks for whom it is, and makes the link. */
export function NewInvitationButton({ onMade }: { readonly onMade: (made: NewInvitation) => void }) {
  const { text } = useWords();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(BLANK);
  const change = (part: Partial<InvitationDraft>) => setDraft((before) => ({ ...before, ...part }));
  const submit = async () => {
    onMade(await data(api.POST("/api/admin/invitations", { body: bodyOf(draft) })));
    await queries.invalidateQueries({ queryKey: INVITATIONS });
  };
  const trigger = (open: () => void) => (
    <Button
      appearance="primary"
      icon={<AddRegular />}
      onClick={() => {
        setDraft(BLANK);
        open();
      }}
    >
      {text.operator.newInvitation}
    </Button>
  );
  return (
    <FormDialog title={text.operator.newInvitation} trigger={trigger} submit={submit} save={text.operator.makeLink} isComplete={isComplete(draft)}>
      {(errors) => (
        <>
          <Field label={text.operator.note} hint={text.operator.noteHint} required validationMessage={errors("note") ?? null}>
            <Input maxLength={500} value={draft.note} onChange={(_, { value }) => change({ note: value })} />
          </Field>
          <Field
            label={text.operator.tenant}
            hint={text.operator.tenantHint}
            validationMessage={isTenant(draft.tenantId) ? (errors("tenantId") ?? null) : text.operator.tenantWrong}
          >
            <Input
              spellCheck={false}
              autoComplete="off"
              value={draft.tenantId}
              onChange={(_, { value }) => change({ tenantId: value })}
            />
          </Field>
          <Field
            label={text.operator.days}
            required
            validationMessage={isDays(draft.days) ? (errors("days") ?? null) : text.operator.daysWrong}
          >
            <Input type="number" min={1} max={90} value={draft.days} onChange={(_, { value }) => change({ days: value })} />
          </Field>
        </>
      )}
    </FormDialog>
  );
}
