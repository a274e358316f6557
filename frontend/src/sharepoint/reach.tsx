import { Body1, Button, Link } from "@fluentui/react-components";
import { LockClosedRegular, PersonKeyRegular, PlugDisconnectedRegular } from "@fluentui/react-icons";

import { Copyable } from "../lib/copyable";
import { signInUrl } from "../lib/me";
import { Failure } from "../shell/failure";
import { Empty } from "../shell/page";
import { useWords } from "../text/text";
import { obstacleOf } from "./obstacle";

/** Why Microsoft 365 could not be asked, and what to do about it. */
export function Unreachable({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  const { text } = useWords();
  const words = text.sharepoint.reach;
  const obstacle = obstacleOf(error);
  switch (obstacle.kind) {
    case "session":
      return (
        <Empty
          icon={<PlugDisconnectedRegular />}
          title={words.sessionTitle}
          lead={`${words.sessionLead} ${words.anotherWay}`}
          action={<Link href="/docs">{words.docs}</Link>}
        />
      );
    case "sign-in": {
      const { pathname, search } = globalThis.location;
      const href = signInUrl(pathname + search, obstacle.claims === undefined ? {} : { claims: obstacle.claims });
      const action = (
        <Button as="a" appearance="primary" href={href}>
          {words.signIn}
        </Button>
      );
      return <Empty icon={<PersonKeyRegular />} title={words.signInTitle} lead={words.signInLead} action={action} />;
    }
    case "consent": {
      const action = (
        <>
          <Button as="a" appearance="primary" href={obstacle.consentUrl}>
            {words.consent}
          </Button>
          <Body1>{words.share}</Body1>
          <Copyable value={new URL(obstacle.consentUrl, globalThis.location.origin).href} label={words.consent} />
        </>
      );
      return <Empty icon={<LockClosedRegular />} title={words.consentTitle} lead={words.consentLead} action={action} />;
    }
    case "other":
      return <Failure error={error} retry={retry} />;
  }
}
