import { Body1, Card, CompoundButton, Link, LargeTitle, makeStyles, tokens } from "@fluentui/react-components";
import { PersonKeyRegular } from "@fluentui/react-icons";
import { useSearch } from "@tanstack/react-router";

import { signInUrl } from "../lib/me";
import { useTitle } from "../lib/title";
import { useWords } from "../text/text";

const useStyles = makeStyles({
  page: {
    minHeight: "100%",
    display: "grid",
    placeItems: "center",
    boxSizing: "border-box",
    padding: tokens.spacingHorizontalL,
    background: `radial-gradient(circle at 20% 0%, ${tokens.colorBrandBackground2}, ${tokens.colorNeutralBackground2} 60%)`,
  },
  card: { width: "100%", maxWidth: "420px", padding: tokens.spacingHorizontalXXXL, gap: tokens.spacingVerticalXL, boxSizing: "border-box" },
  lead: { color: tokens.colorNeutralForeground3 },
});

/** The way in. */
export function SignIn() {
  const styles = useStyles();
  const { text } = useWords();
  useTitle(text.signIn.title);
  const { to } = useSearch({ from: "/sign-in" });
  return (
    <main className={styles.page}>
      <Card className={styles.card} size="large">
        <LargeTitle as="h1">{text.product}</LargeTitle>
        <Body1 className={styles.lead}>{text.signIn.lead}</Body1>
        <CompoundButton as="a" href={signInUrl(to)} appearance="primary" icon={<PersonKeyRegular />}>
          {text.signIn.microsoft}
        </CompoundButton>
        <Body1 className={styles.lead}>
          {text.signIn.admin} <Link href="/api/onboarding/start">{text.signIn.connect}</Link>
        </Body1>
      </Card>
    </main>
  );
}
