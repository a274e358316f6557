import { LockClosedRegular } from "@fluentui/react-icons";
import { TenantryError } from "@tenantry/client";
import { Outlet } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { ButtonLink } from "../lib/link";
import { useMe } from "../lib/me";
import { Failure } from "../shell/failure";
import { Empty, Page } from "../shell/page";
import { useWords } from "../text/text";

/** The screens of the service's own staff, for them alone. */
export function OperatorArea() {
  const { text } = useWords();
  const me = useMe();
  if (me.isOperator) return <Outlet />;
  return (
    <Page title={text.operator.title}>
      <NotForYou />
    </Page>
  );
}

function NotForYou() {
  const { text } = useWords();
  const home = (
    <ButtonLink to="/" appearance="primary">
      {text.failure.home}
    </ButtonLink>
  );
  return <Empty icon={<LockClosedRegular />} title={text.operator.notForYou} lead={text.operator.notForYouLead} action={home} />;
}

/** What went wrong. Whose right was taken back meanwhile is told that. */
export function OperatorFailure({ error, retry }: { readonly error: unknown; readonly retry: () => void }): ReactNode {
  const isRefused = error instanceof TenantryError && error.code === "FORBIDDEN";
  return isRefused ? <NotForYou /> : <Failure error={error} retry={retry} />;
}
