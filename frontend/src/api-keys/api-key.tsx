import { Card, makeStyles, Subtitle2, tokens } from "@fluentui/react-components";
import { ArrowLeftRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";

import { memberQuery } from "../annotations/queries";
import { Badges } from "../lib/badges";
import { ButtonLink } from "../lib/link";
import { Facts } from "../shell/facts";
import { Failure } from "../shell/failure";
import { Loading, Page } from "../shell/page";
import { useWords } from "../text/text";
import { KeyActions } from "./actions";
import { KeyStatus } from "./api-keys";
import type { ApiKey } from "./key";
import { keyQuery } from "./queries";
import { Secret } from "./secret";
import { Uses } from "./uses";

const route = getRouteApi("/signed-in/organization/api-keys/$keyId");

const useStyles = makeStyles({
  back: { marginBottom: tokens.spacingVerticalS, marginLeft: `calc(-1 * ${tokens.spacingHorizontalMNudge})` },
  log: { marginTop: tokens.spacingVerticalXXL, display: "grid", gap: tokens.spacingVerticalM },
});

/** One key: what it may do, what it did, and its end. */
export function OneApiKey() {
  const styles = useStyles();
  const { text } = useWords();
  const { keyId } = route.useParams();
  const query = useQuery(keyQuery(keyId));
  const [rotated, setRotated] = useState<ApiKey>();
  return (
    <Page
      title={query.data?.name ?? text.apiKeys.title}
      actions={query.data && <KeyActions apiKey={query.data} onRotated={setRotated} />}
      above={
        <ButtonLink className={styles.back} to="/organization/api-keys" appearance="subtle" size="small" icon={<ArrowLeftRegular />}>
          {text.apiKeys.back}
        </ButtonLink>
      }
    >
      {rotated && <Secret key={rotated.rawKey} apiKey={rotated} onDone={() => setRotated(undefined)} />}
      {query.isPending && <Loading rows={6} />}
      {query.isError && <Failure error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && (
        <>
          <Card size="large">
            <KeyFacts apiKey={query.data} />
          </Card>
          <section className={styles.log} aria-label={text.apiKeys.log}>
            <Subtitle2 as="h2">{text.apiKeys.log}</Subtitle2>
            <Uses keyId={keyId} />
          </section>
        </>
      )}
    </Page>
  );
}

function KeyFacts({ apiKey }: { readonly apiKey: ApiKey }) {
  const { text, day, moment } = useWords();
  const { data: owner } = useQuery(memberQuery(apiKey.ownerId));
  const words = (all: readonly string[] | null, none: string) => <Badges words={all ?? []} none={none} />;
  return (
    <Facts
      facts={[
        [text.apiKeys.status, <KeyStatus apiKey={apiKey} />],
        [text.apiKeys.key, `${apiKey.keyPrefix}…`],
        ...(apiKey.serviceId === null ? [] : [[text.apiKeys.serviceId, apiKey.serviceId] as const]),
        [text.apiKeys.scopes, words(apiKey.scopes, text.apiKeys.noScopes)],
        [text.apiKeys.role, text.apiKeys.roles[apiKey.role]],
        [text.apiKeys.expires, apiKey.expiresAt === null ? text.apiKeys.never : day(apiKey.expiresAt)],
        [text.apiKeys.lastUsed, apiKey.lastUsedAt === null ? text.apiKeys.neverUsed : moment(apiKey.lastUsedAt)],
        [text.apiKeys.owner, owner?.displayName ?? owner?.email ?? "…"],
        [text.apiKeys.created, moment(apiKey.createdAt)],
        [text.apiKeys.allowedIps, words(apiKey.allowedIps, text.apiKeys.any)],
        [text.apiKeys.allowedResources, words(apiKey.allowedResources, text.apiKeys.any)],
        ...(apiKey.allowedConnections === null
          ? []
          : [[text.apiKeys.allowedConnections, words(apiKey.allowedConnections, text.apiKeys.any)] as const]),
        ...(apiKey.proxyRules === null
          ? []
          : [
              [
                text.apiKeys.proxyRules,
                words(apiKey.proxyRules.map(({ methods, path }) => `${methods.join(" ")} ${path}`), text.apiKeys.nothing),
              ] as const,
            ]),
        ...(apiKey.jwePublicKey === null ? [] : [[text.apiKeys.jwePublicKey, apiKey.jwePublicKey.kid ?? apiKey.jwePublicKey.kty] as const]),
        ...(apiKey.requestsPerMinute === null ? [] : [[text.apiKeys.requestsPerMinute, apiKey.requestsPerMinute] as const]),
        ...(apiKey.allowedUserIds === null ? [] : [[text.apiKeys.allowedUsers, words(apiKey.allowedUserIds, text.apiKeys.any)] as const]),
      ]}
    />
  );
}
