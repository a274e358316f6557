import { makeStyles, mergeClasses, Text, tokens } from "@fluentui/react-components";
import { OpenRegular } from "@fluentui/react-icons";
import { Link as RouterLink } from "@tanstack/react-router";

import { useMay, useMe } from "../lib/me";
import { useWords } from "../text/text";

const useStyles = makeStyles({
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

/** The ways to all screens that the person may see. */
export function Navigation({ onChosen }: { readonly onChosen?: () => void }) {
  const styles = useStyles();
  const { text } = useWords();
  const mayManageMembers = useMay("members:read");
  const mayBrowse = useMay("sharepoint:read");
  const mayHaveKeys = useMay("api-keys:own");
  const mayHaveConnections = useMay("connections:read");
  const seesConnections = useMay("connections:manage");
  const { isOperator } = useMe();
  const groups = [
    {
      name: text.nav.me,
      entries: [
        { to: "/me/profile", name: text.nav.profile },
        ...(mayHaveConnections ? [{ to: "/me/connections", name: text.connections.mine }] : []),
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
        ...(seesConnections ? [{ to: "/organization/connections", name: text.connections.everybody }] : []),
        ...(mayHaveKeys ? [{ to: "/organization/api-keys", name: text.nav.apiKeys }] : []),
        { to: "/organization/settings", name: text.nav.settings },
      ],
    },
    ...(isOperator
      ? [
          {
            name: text.operator.title,
            entries: [
              { to: "/operator/organizations", name: text.operator.organizations },
              { to: "/operator/invitations", name: text.operator.invitations },
              { to: "/operator/health", name: text.operator.health },
            ],
          },
        ]
      : []),
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
                  activeOptions={{ exact: entry.to === "/organization", includeSearch: false }}
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
