import {
  Avatar,
  Button,
  Link,
  makeStyles,
  Menu,
  MenuDivider,
  MenuGroup,
  MenuGroupHeader,
  MenuItem,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
  mergeClasses,
  OverlayDrawer,
  Text,
  tokens,
} from "@fluentui/react-components";
import { NavigationRegular, OpenRegular } from "@fluentui/react-icons";
import { Link as RouterLink, Outlet } from "@tanstack/react-router";
import { useRef, useState } from "react";

import { useMay, useMe } from "../lib/me";
import { useSignOut } from "../lib/sign-out";
import { languages, useWords, type Language } from "../text/text";
import { useTheme, type ThemeChoice } from "./theme";

const WIDE = "@media (min-width: 800px)";

const useStyles = makeStyles({
  frame: { display: "grid", gridTemplateRows: "auto 1fr", height: "100%", backgroundColor: tokens.colorNeutralBackground2 },
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
  drawer: { padding: tokens.spacingHorizontalM },
  main: {
    flexGrow: 1,
    minWidth: 0,
    overflowY: "auto",
    backgroundColor: tokens.colorNeutralBackground1,
    outlineStyle: "none",
    [WIDE]: { borderTopLeftRadius: tokens.borderRadiusXLarge },
  },
  list: { listStyleType: "none", margin: `0 0 ${tokens.spacingVerticalL}`, padding: 0 },
  heading: { color: tokens.colorNeutralForeground3, padding: tokens.spacingHorizontalS, display: "block" },
  entry: {
    display: "block",
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground1,
    textDecorationLine: "none",
    ":hover": { backgroundColor: tokens.colorNeutralBackground2Hover },
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  current: {
    fontWeight: tokens.fontWeightSemibold,
    backgroundColor: tokens.colorNeutralBackground1Selected,
    boxShadow: `inset 3px 0 0 ${tokens.colorBrandForeground1}`,
  },
});

/** What surrounds every screen of somebody who is signed in. */
export function Shell() {
  const styles = useStyles();
  const { text } = useWords();
  const me = useMe();
  const [open, setOpen] = useState(false);
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
          onClick={() => setOpen(true)}
        />
        <Text className={styles.product} truncate wrap={false}>
          <Text weight="semibold">{text.product}</Text>
          <Text className={styles.organization}>{me.organization.name}</Text>
        </Text>
        <PersonMenu />
      </header>
      <div className={styles.body}>
        <div className={styles.side}>
          <Navigation />
        </div>
        <OverlayDrawer open={open} onOpenChange={(_, change) => setOpen(change.open)} aria-label={text.nav.label}>
          <div className={styles.drawer}>
            <Navigation onChosen={() => setOpen(false)} />
          </div>
        </OverlayDrawer>
        <main id="main" className={styles.main} ref={main} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
    </div>
  );
}

function Navigation({ onChosen }: { readonly onChosen?: () => void }) {
  const styles = useStyles();
  const { text } = useWords();
  const mayManageMembers = useMay("members:read");
  const mayBrowse = useMay("sharepoint:read");
  const mayHaveKeys = useMay("api-keys:own");
  const groups = [
    {
      name: text.nav.me,
      entries: [
        { to: "/me/profile", name: text.nav.profile },
        { to: "/me/sessions", name: text.nav.sessions },
      ],
    },
    {
      name: text.nav.organization,
      entries: [
        { to: "/organization", name: text.nav.overview },
        ...(mayManageMembers ? [{ to: "/organization/members", name: text.nav.members }] : []),
        ...(mayBrowse ? [{ to: "/organization/sharepoint", name: text.nav.sharepoint }] : []),
        { to: "/organization/annotations", name: text.nav.annotations },
        { to: "/organization/taxonomies", name: text.nav.taxonomies },
        ...(mayHaveKeys ? [{ to: "/organization/api-keys", name: text.nav.apiKeys }] : []),
        { to: "/organization/settings", name: text.nav.settings },
      ],
    },
  ] as const;
  return (
    <nav aria-label={text.nav.label}>
      {groups.map(({ name, entries }) => (
        <section key={name} aria-label={name}>
          <Text as="h2" size={200} weight="semibold" className={styles.heading}>
            {name}
          </Text>
          <ul className={styles.list}>
            {entries.map((entry) => (
              <li key={entry.to}>
                <RouterLink
                  to={entry.to}
                  className={styles.entry}
                  activeOptions={{ exact: true, includeSearch: false }}
                  activeProps={{ className: mergeClasses(styles.entry, styles.current), "aria-current": "page" }}
                  {...(onChosen ? { onClick: onChosen } : {})}
                >
                  {entry.name}
                </RouterLink>
              </li>
            ))}
          </ul>
        </section>
      ))}
      <a className={styles.entry} href="/docs">
        {text.nav.docs} <OpenRegular aria-hidden />
      </a>
    </nav>
  );
}

function PersonMenu() {
  const { text, language, choose } = useWords();
  const theme = useTheme();
  const me = useMe();
  const signOut = useSignOut();
  const name = me.displayName ?? me.email ?? me.id;
  const choices: readonly ThemeChoice[] = ["light", "dark", "system"];
  return (
    <Menu checkedValues={{ theme: [theme.choice], language: [language] }}>
      <MenuTrigger disableButtonEnhancement>
        <Button appearance="subtle" shape="circular" aria-label={name} icon={<Avatar name={name} size={28} color="brand" aria-hidden />} />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuGroup>
            <MenuGroupHeader>{text.theme.label}</MenuGroupHeader>
            {choices.map((choice) => (
              <MenuItemRadio key={choice} name="theme" value={choice} onClick={() => theme.choose(choice)}>
                {text.theme[choice]}
              </MenuItemRadio>
            ))}
          </MenuGroup>
          <MenuDivider />
          <MenuGroup>
            <MenuGroupHeader>{text.language.label}</MenuGroupHeader>
            {(Object.keys(languages) as Language[]).map((key) => (
              <MenuItemRadio key={key} name="language" value={key} onClick={() => choose(key)}>
                {languages[key].name}
              </MenuItemRadio>
            ))}
          </MenuGroup>
          <MenuDivider />
          <MenuItem onClick={signOut}>{text.signOut}</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
