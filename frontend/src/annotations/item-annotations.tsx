import { Button, Caption1, makeStyles, tokens } from "@fluentui/react-components";
import { data } from "@tenantry/client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../lib/api";
import { useDeleted } from "../lib/deletion";
import { Reasons } from "../lib/field-errors";
import { List } from "../lib/list";
import { useMay } from "../lib/me";
import { useToasts } from "../lib/toast";
import { Failure } from "../shell/failure";
import { useWords } from "../text/text";
import { Note } from "./note";
import { NoteFields, type Draft } from "./note-fields";
import { ANNOTATIONS, annotationsPage, type ItemRef } from "./queries";

const useStyles = makeStyles({
  list: { display: "grid", gap: tokens.spacingVerticalM, listStyleType: "none", margin: 0, padding: 0 },
  form: { display: "grid", gap: tokens.spacingVerticalM },
  save: { justifySelf: "start" },
});

/** What people have noted on one file, and a place to add to it. */
export function ItemAnnotations({ item }: { readonly item: ItemRef }) {
  const styles = useStyles();
  const { text } = useWords();
  const deleted = useDeleted();
  const mayWrite = useMay("annotations:write");
  const { driveId, itemId } = item;
  const none = <Caption1>{text.annotations.none}</Caption1>;
  return (
    <>
      <List queryKey={[...ANNOTATIONS, "of", driveId, itemId]} page={annotationsPage({ driveId, itemId }, false)} empty={none}>
        {(annotations) => {
          const shown = annotations.filter(({ id }) => !deleted.has(id));
          return shown.length === 0 ? (
            none
          ) : (
            <ul className={styles.list}>
              {shown.map((annotation) => (
                <li key={annotation.id}>
                  <Note annotation={annotation} />
                </li>
              ))}
            </ul>
          );
        }}
      </List>
      {mayWrite && <Add item={item} />}
    </>
  );
}

const BLANK: Draft = { note: "", termIds: [] };

function Add({ item }: { readonly item: ItemRef }) {
  const styles = useStyles();
  const { text } = useWords();
  const toasts = useToasts();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(BLANK);
  // A second attempt at the same note does not make it twice.
  const [attempt, setAttempt] = useState(() => crypto.randomUUID());
  const add = useMutation({
    mutationFn: async () => {
      const body = { ...item, note: draft.note.trim(), termIds: [...draft.termIds] };
      return data(api.POST("/api/annotations", { params: { header: { "Idempotency-Key": attempt } }, body }));
    },
    onSuccess: async () => {
      setDraft(BLANK);
      setAttempt(crypto.randomUUID());
      toasts.done(text.annotations.added);
      await queries.invalidateQueries({ queryKey: ANNOTATIONS });
    },
    onError: () => setAttempt(crypto.randomUUID()),
  });
  const reasons = new Reasons(add.error);
  const fields = <NoteFields draft={draft} onChange={setDraft} errors={reasons.of} />;
  const isEmpty = draft.note.trim() === "" && draft.termIds.length === 0;
  return (
    <form
      className={styles.form}
      aria-label={text.annotations.add}
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <Caption1>{text.annotations.addLead}</Caption1>
      {fields}
      {add.isError && <Failure error={add.error} />}
      <Button className={styles.save} type="submit" appearance="primary" disabledFocusable={isEmpty || add.isPending}>
        {text.annotations.add}
      </Button>
    </form>
  );
}
