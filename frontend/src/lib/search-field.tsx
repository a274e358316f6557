import { makeStyles, SearchBox, tokens } from "@fluentui/react-components";
import { useState } from "react";

const useStyles = makeStyles({
  form: { marginBottom: tokens.spacingVerticalL },
  box: { width: "100%", maxWidth: "420px" },
});

interface SearchFieldProps {
  readonly label: string;
  readonly words: string;
  /** With what was typed, when it was sent off; with nothing when it was cleared. */
  readonly onSearch: (words: string) => void;
}

/** Words to search for. They go into the address when they are sent off, not with each key. */
export function SearchField({ label, words, onSearch }: SearchFieldProps) {
  const styles = useStyles();
  const [typed, setTyped] = useState(words);
  return (
    <form
      role="search"
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(typed.trim());
      }}
    >
      <SearchBox
        className={styles.box}
        aria-label={label}
        placeholder={label}
        maxLength={200}
        value={typed}
        onChange={(_, { value }) => {
          setTyped(value);
          if (value === "" && words !== "") onSearch("");
        }}
      />
    </form>
  );
}
