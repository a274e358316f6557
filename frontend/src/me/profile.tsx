import { Avatar, Card, makeStyles, Subtitle1, tokens } from "@fluentui/react-components";

import { Badges } from "../lib/badges";
import { useMe } from "../lib/me";
import { Permissions } from "../lib/permission";
import { Facts } from "../shell/facts";
import { Page } from "../shell/page";
import { useWords } from "../text/text";

const useStyles = makeStyles({
  person: { display: "flex", alignItems: "center", gap: tokens.spacingHorizontalL, marginBottom: tokens.spacingVerticalL },
});

/** Who one is here. */
export function Profile() {
  const styles = useStyles();
  const { text } = useWords();
  const me = useMe();
  const name = me.displayName ?? me.email ?? me.id;
  const roles: Readonly<Record<string, string>> = text.roles;
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
            [text.profile.roles, <Badges words={me.roles.map((role) => roles[role] ?? role)} none={text.profile.none} />],
            [text.profile.permissions, <Permissions names={me.permissions} />],
          ]}
        />
      </Card>
    </Page>
  );
}
