import { Caption1, Combobox, Field, makeStyles, Option, OptionGroup, Tag, TagGroup, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { organizationQuery } from "../organization/queries";
import { useWords } from "../text/text";
import { vocabularyQuery } from "./queries";

const useStyles = makeStyles({
  box: { minWidth: "0", width: "100%" },
  chosen: { flexWrap: "wrap", rowGap: tokens.spacingVerticalXS, marginTop: tokens.spacingVerticalXS },
});

interface TermPickerProps {
  readonly chosen: readonly string[];
  readonly onChange: (termIds: readonly string[]) => void;
}

/** Terms of the organization's vocabularies: by typing, or from the list. */
export function TermPicker({ chosen, onChange }: TermPickerProps) {
  const styles = useStyles();
  const { text } = useWords();
  const { data: vocabulary } = useQuery(vocabularyQuery);
  // The organization's default taxonomy is offered first.
  const first = useQuery(organizationQuery).data?.organization.settings.defaultTaxonomyId;
  const [typed, setTyped] = useState("");
  if (vocabulary?.labels.size === 0) {
    return (
      <Field label={text.annotations.terms}>
        <Caption1>{text.annotations.noTerms}</Caption1>
      </Field>
    );
  }
  const fits = (label: string) => label.toLowerCase().includes(typed.trim().toLowerCase());
  const groups = (vocabulary?.taxonomies ?? [])
    .toSorted((one, other) => Number(other.taxonomy.id === first) - Number(one.taxonomy.id === first))
    .map(({ taxonomy, terms }) => ({ taxonomy, terms: terms.filter(({ label }) => fits(label)) }))
    .filter(({ terms }) => terms.length > 0);
  return (
    <div>
      <Field label={text.annotations.terms}>
        <Combobox
          className={styles.box}
          multiselect
          placeholder={text.annotations.termsPlaceholder}
          value={typed}
          selectedOptions={[...chosen]}
          onChange={(event) => setTyped(event.target.value)}
          onOptionSelect={(_, { selectedOptions }) => {
            setTyped("");
            onChange(selectedOptions);
          }}
          onBlur={() => setTyped("")}
        >
          {groups.map(({ taxonomy, terms }) => (
            <OptionGroup key={taxonomy.id} label={taxonomy.name}>
              {terms.map((term) => (
                <Option key={term.id} value={term.id}>
                  {term.label}
                </Option>
              ))}
            </OptionGroup>
          ))}
          {groups.length === 0 && <Option disabled>{text.annotations.noneFound}</Option>}
        </Combobox>
      </Field>
      {chosen.length > 0 && (
        <TagGroup
          className={styles.chosen}
          aria-label={text.annotations.terms}
          onDismiss={(_, { value }) => onChange(chosen.filter((id) => id !== value))}
        >
          {chosen.map((id) => (
            <Tag key={id} value={id} size="small" dismissible>
              {vocabulary?.labels.get(id) ?? "…"}
            </Tag>
          ))}
        </TagGroup>
      )}
    </div>
  );
}
