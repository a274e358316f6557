import { Body1, Button } from "@fluentui/react-components";
import { LockClosedRegular, PersonKeyRegular, PlugConnectedAddRegular, PlugDisconnectedRegular } from "@fluentui/react-icons";

import { stepOf } from "../connections/connection";
import { connectUrl } from "../connections/queries";
import { Reconnect } from "../connections/reconnect";
import { Copyable } from "../lib/copyable";
import { signInUrl, useMay, useMe } from "../lib/me";
import { Failure } from "../shell/failure";
import { Empty } from "../shell/page";
import { useWords } from "../text/text";
import { obstacleOf } from "./obstacle";

/** Why Microsoft 365 could not be asked, and what to do about it. */
export function Unreachable({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  const { text } = useWords();
  const me = useMe();
  const words = text.sharepoint.reach;
  const obstacle = obstacleOf(error);
  switch (obstacle.kind) {
    case "connect": {
      const { pathname, search } = globalThis.location;
      const action = (
        <Button as="a" appearance="primary" icon={<PlugConnectedAddRegular />} href={connectUrl(pathname + search)}>
          {words.connect}
        </Button>
      );
      const lead = words.connectLead(me.email ?? words.ownAccount);
      return <Empty icon={<PlugConnectedAddRegular />} title={words.connectTitle} lead={lead} action={action} />;
    }
    case "broken": {
      const step = stepOf({ reason: obstacle.reason, nextStep: obstacle.step, status: "REAUTH_REQUIRED" }, text.connections);
      const reconnect = obstacle.mends && <Reconnect id={obstacle.connection} claims={obstacle.claims} />;
      const lead = step ?? obstacle.step;
      if (obstacle.consentUrl === undefined) {
        return <Empty icon={<PlugDisconnectedRegular />} title={words.brokenTitle} lead={lead} action={reconnect} />;
      }
      const action = (
        <>
          <Consent url={obstacle.consentUrl} />
          {reconnect && <Body1 align="center">{words.afterwards}</Body1>}
          {reconnect}
        </>
      );
      return <Empty icon={<LockClosedRegular />} title={words.consentTitle} lead={lead} action={action} />;
    }
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
      const action = <Consent url={obstacle.consentUrl} />;
      return <Empty icon={<LockClosedRegular />} title={words.consentTitle} lead={words.consentLead} action={action} />;
    }
    case "other":
      return <Failure error={error} retry={retry} />;
  }
}

/** The consent, for who can give it; for everybody else, what to send to whom. */
function Consent({ url }: { readonly url: string }) {
  const { text } = useWords();
  const words = text.sharepoint.reach;
  const isAdministrator = useMay("organization:manage");
  return (
    <>
      {isAdministrator && (
        <Button as="a" appearance="primary" href={url}>
          {words.consent}
        </Button>
      )}
      <Body1 align="center">{isAdministrator ? words.share : words.ask}</Body1>
      <Copyable value={new URL(url, globalThis.location.origin).href} label={words.consent} />
    </>
  );
}
