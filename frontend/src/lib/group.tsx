import { Caption1, Label, makeStyles, tokens, useId } from "@fluentui/react-components";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  group: { display: "grid", gap: tokens.spacingVerticalXXS, minWidth: 0 },
  error: { color: tokens.colorStatusDangerForeground1 },
  hint: { color: tokens.colorNeutralForeground3 },
});

interface GroupProps {
  readonly label: string;
  readonly hint?: string;
  readonly error?: string | undefined;
  readonly children: ReactNode;
}

/** Several controls, or none, under one name. `Field` is for exactly one. */
export function Group({ label, hint, error, children }: GroupProps) {
  const styles = useStyles();
  const id = useId("group");
  return (
    <div role="group" aria-labelledby={id} className={styles.group}>
      <Label id={id}>{label}</Label>
      {children}
      {error !== undefined && (
        <Caption1 role="alert" className={styles.error}>
          {error}
        </Caption1>
      )}
      {hint !== undefined && <Caption1 className={styles.hint}>{hint}</Caption1>}
    </div>
  );
}
