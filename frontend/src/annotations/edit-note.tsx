import { data } from "@tenantry/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactElement } from "react";

import { api } from "../lib/api";
import { FormDialog } from "../lib/form";
import { useToasts } from "../lib/toast";
import { useWords } from "../text/text";
import { NoteFields, type Draft } from "./note-fields";
import { ANNOTATIONS, type Annotation } from "./queries";

interface EditNoteProps {
  readonly annotation: Annotation;
  readonly trigger: (open: () => void) => ReactElement;
}

const draftOf = ({ note, termIds }: Annotation): Draft => ({ note, termIds });

/** Changes an annotation; it can be taken back. */
export function EditNote({ annotation, trigger }: EditNoteProps) {
  const { text } = useWords();
  const toasts = useToasts();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(() => draftOf(annotation));
  const change = async ({ note, termIds }: Draft) => {
    const params = { path: { annotationId: annotation.id } };
    await data(api.PATCH("/api/annotations/{annotationId}", { params, body: { note: note.trim(), termIds: [...termIds] } }));
    await queries.invalidateQueries({ queryKey: ANNOTATIONS });
  };
  const submit = async () => {
    await change(draft);
    toasts.done(text.annotations.changed, () => void change(draftOf(annotation)).catch(toasts.failed));
  };
  const opened = (open: () => void) => () => {
    setDraft(draftOf(annotation));
    open();
  };
  return (
    <FormDialog title={text.annotations.edit} trigger={(open) => trigger(opened(open))} submit={submit}>
      {(errors) => <NoteFields draft={draft} onChange={setDraft} errors={errors} />}
    </FormDialog>
  );
}
