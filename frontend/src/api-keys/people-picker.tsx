import { Combobox, Field, makeStyles, Option, Tag, TagGroup, tokens } from "@fluentui/react-components";
import { data } from "@tenantry/client";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../lib/api";
import { at, everyRow } from "../lib/list-page";
import { useWords } from "../text/text";

const useStyles = makeStyles({
  box: { minWidth: "0", width: "100%" },
  chosen: { flexWrap: "wrap", rowGap: tokens.spacingVerticalXS, marginTop: tokens.spacingVerticalXS },
});

/** As many as can be looked through in a list. */
const SHOWN = 50;

interface PeoplePickerProps {
  readonly label: string;
  readonly hint: string;
  readonly error: string | undefined;
  readonly chosen: readonly string[];
  readonly onChange: (userIds: readonly string[]) => void;
}

/** Members of the organization, by typing their names. */
export function PeoplePicker({ label, hint, error, chosen, onChange }: PeoplePickerProps) {
  const styles = useStyles();
  const { text } = useWords();
  const [typed, setTyped] = useState("");
  const { data: people = [] } = useQuery({
    queryKey: ["members", "everybody"],
    queryFn: () => everyRow((cursor) => data(api.GET("/api/members", { params: { query: { limit: 200, ...at(cursor) } } }))),
    staleTime: 60_000,
  });
  const named = people.map(({ id, displayName, email }) => ({ id, name: displayName ?? email ?? id, email: email ?? "" }));
  const words = typed.trim().toLowerCase();
  const fitting = named.filter(({ name, email }) => `${name} ${email}`.toLowerCase().includes(words)).slice(0, SHOWN);
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
          {fitting.length === 0 && <Option disabled>{text.members.noneFound}</Option>}
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
              {named.find((person) => person.id === id)?.name ?? "…"}
            </Tag>
          ))}
        </TagGroup>
      )}
    </div>
  );
}
