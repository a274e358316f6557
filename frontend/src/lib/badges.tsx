import { Badge, makeStyles, tokens } from "@fluentui/react-components";

const useStyles = makeStyles({
  badges: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalXS, minWidth: 0 },
  // An address may be longer than the screen is wide.
  badge: { height: "auto", minHeight: "20px", maxWidth: "100%", boxSizing: "border-box", overflowWrap: "anywhere" },
});

interface BadgesProps {
  readonly words: readonly string[];
  /** What is said where there is none. */
  readonly none: string;
}

/** Short words of one kind, each by itself. */
export function Badges({ words, none }: BadgesProps) {
  const styles = useStyles();
  if (words.length === 0) return none;
  return (
    <span className={styles.badges}>
      {words.map((word) => (
        <Badge key={word} appearance="tint" className={styles.badge}>
          {word}
        </Badge>
      ))}
    </span>
  );
}
