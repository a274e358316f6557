import { Body1, Caption1, makeStyles, tokens } from "@fluentui/react-components";
import { CheckmarkCircleRegular, ErrorCircleRegular } from "@fluentui/react-icons";
import type { components } from "@tenantry/client";

import { useWords } from "../text/text";

const useStyles = makeStyles({
  permissions: { display: "grid", gap: tokens.spacingVerticalS, listStyleType: "none", margin: 0, padding: 0 },
  permission: { display: "flex", gap: tokens.spacingHorizontalS, alignItems: "start", fontSize: "20px" },
  granted: { color: tokens.colorStatusSuccessForeground1, flexShrink: 0 },
  missing: { color: tokens.colorStatusDangerForeground1, flexShrink: 0 },
  quiet: { color: tokens.colorNeutralForeground3, overflowWrap: "anywhere" },
});

/** What the service needs of a tenant, and what of it was granted. */
export function PermissionList({ permissions }: { readonly permissions: readonly components["schemas"]["OnboardingPermission"][] }) {
  const styles = useStyles();
  const { text } = useWords();
  return (
    <ul className={styles.permissions}>
      {permissions.map(({ name, meaning, granted }) => (
        <li key={name} className={styles.permission}>
          {granted ? (
            <CheckmarkCircleRegular className={styles.granted} aria-label={text.consent.granted} />
          ) : (
            <ErrorCircleRegular className={styles.missing} aria-label={text.consent.missing} />
          )}
          <div>
            <Body1 block>{meaning}</Body1>
            <Caption1 className={styles.quiet}>{name}</Caption1>
          </div>
        </li>
      ))}
    </ul>
  );
}
