import { Field, Textarea } from "@fluentui/react-components";

import { useWords } from "../text/text";

/** How long a reason may be, in characters. */
const LONGEST = 500;

export const saysSomething = (reason: string): boolean => reason.trim() !== "";

interface ReasonProps {
  readonly reason: string;
  readonly onChange: (reason: string) => void;
  readonly error: string | undefined;
}

/** Why an operator does something. The organization's own record keeps it. */
export function Reason({ reason, onChange, error }: ReasonProps) {
  const { text } = useWords();
  return (
    <Field label={text.operator.reason} hint={text.operator.reasonHint} required validationMessage={error ?? null}>
      <Textarea resize="vertical" maxLength={LONGEST} value={reason} onChange={(_, { value }) => onChange(value)} />
    </Field>
  );
}
