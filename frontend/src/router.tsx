import { makeStyles, tokens } from "@fluentui/react-components";
import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import { ErrorCircleRegular } from "@fluentui/react-icons";

import { annotationSearch } from "./annotations/search";
import { ButtonLink } from "./lib/link";
import { meQuery } from "./lib/me";
import { useTitle } from "./lib/title";
import { unhide } from "./lib/unhide";
import { operatorSearch } from "./operator/search";
import { sharePointSearch } from "./sharepoint/search";
import { Failure } from "./shell/failure";
import { Empty } from "./shell/page";
import { Shell } from "./shell/shell";
import { isShutOut, ShutOut } from "./shell/shut-out";
import { SignIn } from "./shell/sign-in";
import { useWords } from "./text/text";

interface Context {
  readonly queries: QueryClient;
}

const root = createRootRouteWithContext<Context>()({ component: Outlet, notFoundComponent: NotFound, errorComponent: Broken });

/** A path of this very site and nothing else, so that nobody is led away after signing in. */
function ownPath(value: unknown): string {
  return typeof value === "string" && /^\/(?![/\\])[\w\-.~!,/?=&%]*$/.test(value) ? value : "/";
}

/** A word of the address, by its name; nothing where there is none. */
function textIn<Name extends string>(search: Record<string, unknown>, name: Name): { readonly [N in Name]?: string } {
  const value = search[name];
  return typeof value === "string" && value !== "" ? ({ [name]: value } as { [N in Name]: string }) : {};
}

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>) => ({ to: ownPath(search["to"]) }),
  beforeLoad: async ({ context, search }) => {
    // Who is shut out can sign in as somebody else.
    const me = await context.queries.ensureQueryData(meQuery).catch((error: unknown) => {
      if (isShutOut(error)) return null;
      throw error;
    });
    if (me !== null) throw redirect({ href: search.to, replace: true });
  },
  component: SignIn,
});

const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  beforeLoad: async ({ context, location }) => {
    if ((await context.queries.ensureQueryData(meQuery)) === null) throw redirect({ to: "/sign-in", search: { to: location.href } });
  },
  component: Shell,
});

const home = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/organization", replace: true });
  },
});

const screen = <Path extends string>(path: Path, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => signedIn, path, component });

const operator = createRoute({
  getParentRoute: () => signedIn,
  path: "/operator",
  component: lazyRouteComponent(() => import("./operator/area"), "OperatorArea"),
});

const operatorScreens = [
  createRoute({
    getParentRoute: () => operator,
    path: "/",
    beforeLoad: () => {
      throw redirect({ to: "/operator/organizations", search: {}, replace: true });
    },
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/organizations",
    validateSearch: operatorSearch,
    component: lazyRouteComponent(() => import("./operator/organizations"), "Organizations"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/organizations/$organizationId",
    component: lazyRouteComponent(() => import("./operator/organization"), "OneOrganization"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/invitations",
    validateSearch: operatorSearch,
    component: lazyRouteComponent(() => import("./operator/invitations"), "Invitations"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/health",
    component: lazyRouteComponent(() => import("./operator/health"), "Health"),
  }),
] as const;

const screens = [
  home,
  screen("/me/profile", lazyRouteComponent(() => import("./me/profile"), "Profile")),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/me/connections",
    validateSearch: (search: Record<string, unknown>) => textIn(search, "connection"),
    component: lazyRouteComponent(() => import("./connections/my-connections"), "MyConnections"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/organization/connections",
    validateSearch: (search: Record<string, unknown>) => textIn(search, "email"),
    component: lazyRouteComponent(() => import("./connections/all-connections"), "AllConnections"),
  }),
  screen("/me/sessions", lazyRouteComponent(() => import("./me/sessions"), "Sessions")),
  screen("/organization", lazyRouteComponent(() => import("./organization/overview"), "Overview")),
  screen("/organization/members", lazyRouteComponent(() => import("./organization/members"), "Members")),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/organization/annotations",
    validateSearch: annotationSearch,
    component: lazyRouteComponent(() => import("./annotations/annotations"), "Annotations"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/organization/sharepoint",
    validateSearch: sharePointSearch,
    component: lazyRouteComponent(() => import("./sharepoint/sharepoint"), "SharePoint"),
  }),
  screen("/organization/api-keys", lazyRouteComponent(() => import("./api-keys/api-keys"), "ApiKeys")),
  screen("/organization/api-keys/$keyId", lazyRouteComponent(() => import("./api-keys/api-key"), "OneApiKey")),
  screen("/organization/settings", lazyRouteComponent(() => import("./organization/settings"), "Settings")),
  screen("/organization/taxonomies", lazyRouteComponent(() => import("./annotations/taxonomies"), "Taxonomies")),
  operator.addChildren(operatorScreens),
  createRoute({ getParentRoute: () => signedIn, path: "$", component: NoSuchPage }),
] as const;

export function makeRouter(queries: QueryClient) {
  const router = createRouter({
    routeTree: root.addChildren([signIn, signedIn.addChildren(screens)]),
    context: { queries },
    defaultPreload: "intent",
    scrollRestoration: true,
  });
  router.subscribe("onRendered", unhide);
  return router;
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}

const useStyles = makeStyles({ page: { maxWidth: "640px", margin: "0 auto", padding: tokens.spacingHorizontalXXL } });

/** What is shown at an address where there is nothing. */
function NoSuchPage() {
  const styles = useStyles();
  const { text } = useWords();
  useTitle(text.failure.notFound);
  const home = (
    <ButtonLink to="/" appearance="primary">
      {text.failure.home}
    </ButtonLink>
  );
  return (
    <div className={styles.page}>
      <Empty icon={<ErrorCircleRegular />} title={text.failure.notFound} lead={text.failure.notFoundLead} action={home} isAlone />
    </div>
  );
}

function NotFound() {
  return (
    <main>
      <NoSuchPage />
    </main>
  );
}

function Broken({ error, reset }: { readonly error: unknown; readonly reset: () => void }) {
  const styles = useStyles();
  return (
    <main className={styles.page}>{isShutOut(error) ? <ShutOut error={error} /> : <Failure error={error} retry={reset} />}</main>
  );
}
