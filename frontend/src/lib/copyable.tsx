import { Button, makeStyles, tokens, Tooltip } from "@fluentui/react-components";
import { CheckmarkRegular, CopyRegular } from "@fluentui/react-icons";
import { useState } from "react";

import { useWords } from "../text/text";

const useStyles = makeStyles({
  line: {
    display: "flex",
    alignItems: "start",
    gap: tokens.spacingHorizontalXS,
    maxWidth: "100%",
    minWidth: 0,
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalS}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
    textAlign: "start",
  },
  value: {
    flexGrow: 1,
    minWidth: 0,
    margin: 0,
    paddingTop: tokens.spacingVerticalXS,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
  },
});

interface CopyableProps {
  /** What it is, for whom cannot see it. */
  readonly label: string;
  readonly value: string;
  /** Shows its beginning only, for what is long and for no eyes. */
  readonly isShort?: boolean;
}

/** Something to be used elsewhere, with a button that copies it. */
export function Copyable({ label, value, isShort = false }: CopyableProps) {
  const styles = useStyles();
  const { text } = useWords();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <div className={styles.line}>
      <pre className={styles.value}>{isShort ? `${value.slice(0, 16)}…` : value}</pre>
      <Tooltip content={copied ? text.form.copied : `${text.form.copy}: ${label}`} relationship="label">
        <Button size="small" appearance="subtle" icon={copied ? <CheckmarkRegular /> : <CopyRegular />} onClick={() => void copy()} />
      </Tooltip>
    </div>
  );
}
