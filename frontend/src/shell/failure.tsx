import { Button, Caption1, makeStyles, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle, tokens } from "@fluentui/react-components";
import { CopyRegular } from "@fluentui/react-icons";
import { TenantryError } from "@tenantry/client";

import { signInUrl } from "../lib/me";
import { useWords } from "../text/text";

const useStyles = makeStyles({ request: { display: "flex", alignItems: "center", gap: tokens.spacingHorizontalXS, overflowWrap: "anywhere" } });

interface FailureProps {
  readonly error: unknown;
  readonly retry?: () => void;
}

/** What went wrong, what to do next, and the request's id to name when asking for help. */
export function Failure({ error, retry }: FailureProps) {
  const { text } = useWords();
  const known = error instanceof TenantryError ? error : undefined;
  const steps: Readonly<Record<string, string>> = text.failure.steps;
  const message = known?.code === "NETWORK" ? text.failure.network : (known?.message ?? (error instanceof Error ? error.message : String(error)));
  const shutOut: Readonly<Record<string, string>> = text.shutOut.leads;
  const step = known && (steps[known.code] ?? shutOut[known.code]);
  // The session has ended, here or elsewhere.
  const isSignedOut = known?.status === 401 && (known.code === "UNAUTHORIZED" || known.code === "SESSION_REVOKED");
  return (
    <MessageBar intent="error" layout="multiline" role="alert">
      <MessageBarBody>
        <MessageBarTitle>{text.failure.title}</MessageBarTitle>
        {message} {step}
        {known?.requestId !== undefined && <RequestId id={known.requestId} />}
      </MessageBarBody>
      {(retry !== undefined || isSignedOut) && (
        <MessageBarActions>
          {isSignedOut && (
            <Button as="a" appearance="primary" href={signInUrl(globalThis.location.pathname)}>
              {text.failure.signIn}
            </Button>
          )}
          {retry !== undefined && <Button onClick={retry}>{text.failure.retry}</Button>}
        </MessageBarActions>
      )}
    </MessageBar>
  );
}

function RequestId({ id }: { readonly id: string }) {
  const styles = useStyles();
  const { text } = useWords();
  return (
    <Caption1 className={styles.request}>
      {text.failure.requestId(id)}
      <Button
        size="small"
        appearance="transparent"
        icon={<CopyRegular />}
        aria-label={text.failure.copy}
        onClick={() => void navigator.clipboard.writeText(id)}
      />
    </Caption1>
  );
}
