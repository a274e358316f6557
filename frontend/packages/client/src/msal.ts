import {
  InteractionRequiredAuthError,
  type AccountInfo,
  type IPublicClientApplication,
  type AuthenticationResult,
} from "@azure/msal-browser";

import { bearer, type Credential } from "./credential";

export interface MsalOptions {
  /** The scopes of the service, such as `api://{client id}/access_as_user`. */
  readonly scopes: string[];
  /** Who is signed in; MSAL's active account unless given. */
  readonly account?: () => AccountInfo | null;
  /**
   * How to ask the person for more, when MSAL cannot do without. A pop-up unless given; one that redirects never
   * resolves, since the page is left.
   */
  readonly interact?: (request: { scopes: string[]; claims?: string; account?: AccountInfo }) => Promise<AuthenticationResult>;
}

/**
 * Access tokens of MSAL.js: silently where it can, by interaction where Microsoft wants one, and with the claims of a
 * challenge where the service passes one on.
 */
export function msal(application: IPublicClientApplication, options: MsalOptions): Credential {
  const { scopes, interact = (request) => application.acquireTokenPopup(request) } = options;
  const signedIn = options.account ?? (() => application.getActiveAccount());
  // Several requests that are challenged at once ask the person once.
  let asking: Promise<AuthenticationResult> | undefined;
  return bearer(async (claims) => {
    const account = signedIn();
    const request = { scopes, ...(claims === undefined ? {} : { claims }), ...(account ? { account } : {}) };
    try {
      return (await application.acquireTokenSilent(request)).accessToken;
    } catch (error) {
      if (!(error instanceof InteractionRequiredAuthError)) throw error;
      asking ??= interact(request).finally(() => (asking = undefined));
      return (await asking).accessToken;
    }
  });
}
