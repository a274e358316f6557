import { createStandardPublicClientApplication, type AccountInfo } from "@azure/msal-browser";

import { settings } from "./settings";

const { clientId, authority, scope } = settings;

/** Microsoft's library, after it has looked whether the page comes from a sign-in. */
export const application = await createStandardPublicClientApplication({
  auth: {
    clientId,
    authority,
    knownAuthorities: [new URL(authority).host],
    redirectUri: `${location.origin}/redirect.html`,
    postLogoutRedirectUri: `${location.origin}/`,
    // We answer claims challenges, so Microsoft may give tokens that it can call back early (CAE).
    clientCapabilities: ["CP1"],
  },
  cache: { cacheLocation: "sessionStorage" },
});

const answer = await application.handleRedirectPromise();
if (answer) application.setActiveAccount(answer.account);

export function account(): AccountInfo | null {
  return application.getActiveAccount();
}

export function signIn(): Promise<void> {
  return application.loginRedirect({ scopes: [scope], prompt: "select_account" });
}

export function signOut(): Promise<void> {
  return application.logoutRedirect({ account: account() });
}
