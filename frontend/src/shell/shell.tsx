import { Button, Link, makeStyles, Text, tokens } from "@fluentui/react-components";
import { NavigationRegular } from "@fluentui/react-icons";
import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense, useRef, useState } from "react";

import { useMe } from "../lib/me";
import { useWords } from "../text/text";
import { Navigation } from "./navigation";
import { PersonButton } from "./person-button";

// Fetched when it is opened, which on a wide screen is never.
const MenuDrawer = lazy(async () => ({ default: (await import("./menu-drawer")).MenuDrawer }));

const WIDE = "@media (min-width: 800px)";

const useStyles = makeStyles({
  frame: { display: "grid", gridTemplateRows: "auto 1fr", gridTemplateColumns: "minmax(0, 1fr)", height: "100%", backgroundColor: tokens.colorNeutralBackground2 },
  skip: {
    position: "absolute",
    left: tokens.spacingHorizontalM,
    top: "-60px",
    zIndex: 1,
    padding: tokens.spacingVerticalS,
    backgroundColor: tokens.colorNeutralBackground1,
    ":focus": { top: tokens.spacingVerticalS },
  },
  header: {
    display: "flex",
    alignItems: "center",
    gap: tokens.spacingHorizontalS,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  burger: { [WIDE]: { display: "none" } },
  product: { flexGrow: 1, minWidth: 0 },
  organization: { color: tokens.colorNeutralForeground3, marginLeft: tokens.spacingHorizontalS },
  body: { display: "flex", minHeight: 0 },
  side: {
    display: "none",
    width: "232px",
    flexShrink: 0,
    overflowY: "auto",
    padding: `${tokens.spacingVerticalL} ${tokens.spacingHorizontalM}`,
    [WIDE]: { display: "block" },
  },
  main: {
    flexGrow: 1,
    minWidth: 0,
    overflowY: "auto",
    backgroundColor: tokens.colorNeutralBackground1,
    outlineStyle: "none",
    ":focus-visible": { boxShadow: `inset 0 0 0 2px ${tokens.colorStrokeFocus2}` },
    [WIDE]: { borderTopLeftRadius: tokens.borderRadiusXLarge },
  },
});

/** What surrounds every screen of somebody who is signed in. */
export function Shell() {
  const styles = useStyles();
  const { text } = useWords();
  const me = useMe();
  const [open, setOpen] = useState(false);
  const [wasOpened, setWasOpened] = useState(false);
  const main = useRef<HTMLElement>(null);
  return (
    <div className={styles.frame}>
      <Link className={styles.skip} href="#main" onClick={() => main.current?.focus()}>
        {text.nav.skip}
      </Link>
      <header className={styles.header}>
        <Button
          className={styles.burger}
          appearance="subtle"
          icon={<NavigationRegular />}
          aria-label={text.nav.open}
          aria-expanded={open}
          onClick={() => {
            setOpen(true);
            setWasOpened(true);
          }}
        />
        <Text className={styles.product} truncate wrap={false}>
          <Text weight="semibold">{text.product}</Text>
          <Text className={styles.organization}>{me.organization.name}</Text>
        </Text>
        <PersonButton />
      </header>
      <div className={styles.body}>
        <div className={styles.side}>
          <Navigation />
        </div>
        {wasOpened && (
          <Suspense>
            <MenuDrawer open={open} onChange={setOpen} />
          </Suspense>
        )}
        {/* It scrolls, so the keyboard must be able to get into it on screens where there is nothing to use. */}
        <main id="main" className={styles.main} ref={main} tabIndex={0}>
          <Outlet />
        </main>
      </div>
    </div>
  );
}
