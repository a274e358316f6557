// openid-client, which knows nothing of Entra ID: a tenant authority is any OpenID provider to it.

import assert from "node:assert/strict";

import * as oidc from "openid-client";

import { check, done } from "./lib/check.mjs";
import { alex, ask, callback, contoso, entra, scope, secret, web, whoami } from "./lib/places.mjs";
import { signIn } from "./lib/sign-in.mjs";

await ask("/reset", {});

await check("openid-client: discovery, code and PKCE, refresh", async () => {
  const config = await oidc.discovery(new URL(`${entra}/${contoso}/v2.0`), web, secret);
  oidc.enableNonRepudiationChecks(config);
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const expectedNonce = oidc.randomNonce();
  const expectedState = oidc.randomState();
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: `openid profile offline_access ${scope}`,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    nonce: expectedNonce,
    state: expectedState,
  });
  const back = new URL(await signIn(url.href, "alex@contoso.com"));
  const tokens = await oidc.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedNonce, expectedState });
  assert.equal(tokens.claims().oid, alex);
  assert.equal((await whoami(tokens.access_token)).status, 200);
  const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token, { scope });
  assert.notEqual(renewed.access_token, tokens.access_token);
});

await check("openid-client: hybrid flow, whose ID token carries the hash of the code, and UserInfo", async () => {
  const config = await oidc.discovery(new URL(`${entra}/${contoso}/v2.0`), web, secret);
  oidc.useCodeIdTokenResponseType(config);
  const expectedNonce = oidc.randomNonce();
  const expectedState = oidc.randomState();
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: "openid profile",
    nonce: expectedNonce,
    state: expectedState,
  });
  const back = new URL(await signIn(url.href, "alex@contoso.com"));
  const tokens = await oidc.authorizationCodeGrant(config, back, { expectedNonce, expectedState });
  assert.equal(tokens.claims().tid, contoso);
  const info = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.equal(info.email, "alex@contoso.com");
});

done();
