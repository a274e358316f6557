import { Avatar, Badge, Card, makeStyles, Subtitle1, tokens } from "@fluentui/react-components";

import { useMe } from "../lib/me";
import { Facts } from "../shell/facts";
import { Page } from "../shell/page";
import { useWords } from "../text/text";

const useStyles = makeStyles({
  person: { display: "flex", alignItems: "center", gap: tokens.spacingHorizontalL, marginBottom: tokens.spacingVerticalL },
  badges: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalXS },
});

/** Who one is here. */
export function Profile() {
  const styles = useStyles();
  const { text } = useWords();
  const me = useMe();
  const name = me.displayName ?? me.email ?? me.id;
  const roles: Readonly<Record<string, string>> = text.roles;
  const badges = (words: readonly string[]) =>
    words.length === 0 ? (
      text.profile.none
    ) : (
      <span className={styles.badges}>
        {words.map((word) => (
          <Badge key={word} appearance="tint">
            {word}
          </Badge>
        ))}
      </span>
    );
  return (
    <Page title={text.profile.title}>
      <Card size="large">
        <div className={styles.person}>
          <Avatar name={name} size={64} color="brand" aria-hidden {...(me.avatarUrl ? { image: { src: me.avatarUrl } } : {})} />
          <Subtitle1 as="h2">{name}</Subtitle1>
        </div>
        <Facts
          facts={[
            [text.profile.email, me.email ?? text.profile.none],
            [text.profile.organization, me.organization.name],
            [text.profile.tenant, me.organization.azureTenantId ?? text.profile.none],
            [text.profile.id, me.id],
            [text.profile.roles, badges(me.roles.map((role) => roles[role] ?? role))],
            [text.profile.permissions, badges(me.permissions)],
          ]}
        />
      </Card>
    </Page>
  );
}
