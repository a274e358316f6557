import { Combobox, Field, makeStyles, Option, Tag, TagGroup, tokens } from "@fluentui/react-components";
import { useState } from "react";

const useStyles = makeStyles({
  box: { minWidth: "0", width: "100%" },
  chosen: { flexWrap: "wrap", rowGap: tokens.spacingVerticalXS, marginTop: tokens.spacingVerticalXS },
});

/** As many as can be looked through in a list. */
const SHOWN = 50;

/** Something that can be chosen. */
export interface Choice {
  readonly id: string;
  readonly name: string;
  /** More to find it by. */
  readonly also?: string;
}

interface MultiPickerProps {
  readonly label: string;
  readonly hint: string;
  readonly error: string | undefined;
  /** What is said where nothing fits what was typed. */
  readonly none: string;
  readonly choices: readonly Choice[];
  readonly chosen: readonly string[];
  readonly onChange: (ids: readonly string[]) => void;
}

/** Some of many things, by typing their names. */
export function MultiPicker({ label, hint, error, none, choices, chosen, onChange }: MultiPickerProps) {
  const styles = useStyles();
  const [typed, setTyped] = useState("");
  const words = typed.trim().toLowerCase();
  const fitting = choices.filter(({ name, also = "" }) => `${name} ${also}`.toLowerCase().includes(words)).slice(0, SHOWN);
  return (
    <div>
      <Field label={label} hint={hint} validationMessage={error ?? null}>
        <Combobox
          className={styles.box}
          multiselect
          value={typed}
          selectedOptions={[...chosen]}
          onChange={(event) => setTyped(event.target.value)}
          onOptionSelect={(_, { selectedOptions }) => {
            setTyped("");
            onChange(selectedOptions);
          }}
          onBlur={() => setTyped("")}
        >
          {fitting.map(({ id, name }) => (
            <Option key={id} value={id}>
              {name}
            </Option>
          ))}
          {fitting.length === 0 && <Option disabled>{none}</Option>}
        </Combobox>
      </Field>
      {chosen.length > 0 && (
        <TagGroup
          className={styles.chosen}
          aria-label={label}
          onDismiss={(_, { value }) => onChange(chosen.filter((id) => id !== value))}
        >
          {chosen.map((id) => (
            <Tag key={id} value={id} size="small" dismissible>
              {choices.find((choice) => choice.id === id)?.name ?? "…"}
            </Tag>
          ))}
        </TagGroup>
      )}
    </div>
  );
}
