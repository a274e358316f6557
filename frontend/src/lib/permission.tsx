import { Caption1, makeStyles, tokens } from "@fluentui/react-components";

import { useWords } from "../text/text";

const useStyles = makeStyles({
  list: {
    display: "grid",
    gap: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalXL}`,
    gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 240px), 1fr))",
    listStyleType: "none",
    margin: 0,
    padding: 0,
  },
  quiet: { color: tokens.colorNeutralForeground3, overflowWrap: "anywhere" },
});

/** What one permission lets somebody do, in plain words, over the name that the API has for it. */
export function Permission({ name }: { readonly name: string }) {
  const styles = useStyles();
  const { text } = useWords();
  const meanings: Readonly<Record<string, string>> = text.permissions;
  const meaning = meanings[name];
  return (
    <>
      {meaning ?? name}
      {meaning !== undefined && (
        <Caption1 block className={styles.quiet}>
          {name}
        </Caption1>
      )}
    </>
  );
}

/** What somebody may do. */
export function Permissions({ names }: { readonly names: readonly string[] }) {
  const styles = useStyles();
  const { text } = useWords();
  if (names.length === 0) return text.profile.none;
  return (
    <ul className={styles.list}>
      {names.map((name) => (
        <li key={name}>
          <Permission name={name} />
        </li>
      ))}
    </ul>
  );
}
