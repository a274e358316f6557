/** How a request proves whose it is. */
export interface Credential {
  /**
   * Adds the proof to a request that is about to be sent.
   *
   * @param claims What the answer to an earlier attempt asks of the next access token, as JSON. Pass it to Microsoft
   *   unchanged (Microsoft identity platform, "Claims challenges, claims requests, and client capabilities").
   */
  apply(request: Request, claims?: string): Promise<Request>;
  /**
   * Called after a `401` that asks for no claims: whether there is a newer proof now, so that the request should be
   * sent again. It is asked once for each request.
   */
  renew?(): Promise<boolean>;
}

/** Gets an access token; with claims, one that satisfies a challenge. */
export type TokenSource = (claims?: string) => Promise<string>;

/** A Microsoft Entra ID access token, from MSAL or any other library. */
export function bearer(token: TokenSource): Credential {
  return {
    async apply(request, claims) {
      const headers = new Headers(request.headers);
      headers.set("Authorization", `Bearer ${await token(claims)}`);
      return new Request(request, { headers });
    },
  };
}
