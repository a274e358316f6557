import { Field, Textarea } from "@fluentui/react-components";

import type { FieldErrors } from "../lib/field-errors";
import { useWords } from "../text/text";
import { TermPicker } from "./term-picker";

/** What somebody writes about a file. */
export interface Draft {
  readonly note: string;
  readonly termIds: readonly string[];
}

interface NoteFieldsProps {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly errors: FieldErrors;
}

/** A note and terms. */
export function NoteFields({ draft, onChange, errors }: NoteFieldsProps) {
  const { text } = useWords();
  return (
    <>
      <Field label={text.annotations.note} validationMessage={errors("note") ?? errors("termIds") ?? null}>
        <Textarea
          resize="vertical"
          maxLength={10_000}
          value={draft.note}
          onChange={(_, { value }) => onChange({ ...draft, note: value })}
        />
      </Field>
      <TermPicker chosen={draft.termIds} onChange={(termIds) => onChange({ ...draft, termIds })} />
    </>
  );
}
