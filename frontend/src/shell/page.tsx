import {
  Body1,
  makeStyles,
  Skeleton,
  SkeletonItem,
  Subtitle1,
  Title2,
  tokens,
} from "@fluentui/react-components";
import type { ReactNode } from "react";

import { useTitle } from "../lib/title";
import { useWords } from "../text/text";

const useStyles = makeStyles({
  page: { maxWidth: "1080px", margin: "0 auto", padding: `${tokens.spacingVerticalXXL} ${tokens.spacingHorizontalL}` },
  head: {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "flex-start",
    justifyContent: "space-between",
    gap: tokens.spacingHorizontalL,
    marginBottom: tokens.spacingVerticalXL,
  },
  title: { minWidth: 0 },
  lead: { overflowWrap: "anywhere", color: tokens.colorNeutralForeground3, marginTop: tokens.spacingVerticalXS, display: "block" },
  empty: {
    display: "grid",
    justifyItems: "center",
    textAlign: "center",
    gap: tokens.spacingVerticalM,
    padding: `${tokens.spacingVerticalXXXL} ${tokens.spacingHorizontalL}`,
    border: `1px dashed ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusXLarge,
  },
  what: { textAlign: "center" },
  icon: { fontSize: "40px", color: tokens.colorBrandForeground1, lineHeight: 1 },
  words: { color: tokens.colorNeutralForeground3, textAlign: "center", maxWidth: "64ch" },
  rows: { display: "grid", gap: tokens.spacingVerticalM },
});

interface PageProps {
  readonly title: string;
  readonly lead?: string;
  readonly actions?: ReactNode;
  /** What leads back to where this screen belongs. */
  readonly above?: ReactNode;
  readonly children: ReactNode;
}

/** A screen: its title, which the browser shows too, what it is for, what one can do, and the rest. */
export function Page({ title, lead, actions, above, children }: PageProps) {
  const styles = useStyles();
  useTitle(title);
  return (
    <div className={styles.page}>
      {above}
      <div className={styles.head}>
        <div className={styles.title}>
          <Title2 as="h1">{title}</Title2>
          {lead !== undefined && <Body1 className={styles.lead}>{lead}</Body1>}
        </div>
        {actions}
      </div>
      {children}
    </div>
  );
}

interface EmptyProps {
  readonly icon: ReactNode;
  readonly title: string;
  readonly lead: string;
  readonly action?: ReactNode;
  /** It is all that there is on the page. */
  readonly isAlone?: boolean;
}

/** Where nothing is yet: what would be here, and how to begin. */
export function Empty({ icon, title, lead, action, isAlone = false }: EmptyProps) {
  const styles = useStyles();
  return (
    <div className={styles.empty}>
      <span className={styles.icon} aria-hidden>
        {icon}
      </span>
      <Subtitle1 as={isAlone ? "h1" : "h2"} className={styles.what}>{title}</Subtitle1>
      <Body1 className={styles.words}>{lead}</Body1>
      {action}
    </div>
  );
}

/** The place of rows that are on their way, as high as they will be. */
export function Loading({ rows = 5 }: { readonly rows?: number }) {
  const styles = useStyles();
  const { text } = useWords();
  return (
    <Skeleton className={styles.rows} aria-label={text.list.loading}>
      {Array.from({ length: rows }, (_, row) => (
        <SkeletonItem key={row} size={36} />
      ))}
    </Skeleton>
  );
}
