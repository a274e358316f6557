// @azure/msal-node, unmodified: nothing but the authority is told to it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import {
  ConfidentialClientApplication,
  CryptoProvider,
  InteractionRequiredAuthError,
  PublicClientApplication,
} from "@azure/msal-node";

import { check, done, thrown } from "./lib/check.mjs";
import * as places from "./lib/places.mjs";
import { signIn } from "./lib/sign-in.mjs";

const { alex, ask, callback, claims, cli, contoso, entra, keys, scope, secret, stranger, web, whoami } = places;

const auth = (clientId, more) => ({
  auth: {
    clientId,
    authority: `${entra}/${contoso}`,
    knownAuthorities: [new URL(entra).host],
    ...more,
  },
});
const confidential = (more = { clientSecret: secret }) => new ConfidentialClientApplication(auth(web, more));
const ownDefault = { scopes: [`api://${web}/.default`] };

await ask("/reset", {});
const certificate = readFileSync(`${keys}/client.pem`, "utf8");
await ask("/apps/Tenantry", { certificates: [certificate] });

await check("msal-node: client credentials by secret, and again from the cache", async () => {
  const client = confidential();
  const first = await client.acquireTokenByClientCredential(ownDefault);
  assert.equal(first.fromCache, false);
  assert.equal(claims(first.accessToken).azpacr, "1");
  const second = await client.acquireTokenByClientCredential(ownDefault);
  assert.equal(second.fromCache, true);
});

await check("msal-node: a wrong secret is said to be one", async () => {
  const error = await thrown(() =>
    confidential({ clientSecret: "wrong" }).acquireTokenByClientCredential(ownDefault),
  );
  assert.equal(error.errorCode, "invalid_client");
  assert.match(error.message, /AADSTS7000215/);
});

for (const thumbprint of ["thumbprintSha256", "thumbprint"]) {
  await check(`msal-node: client credentials by certificate, ${thumbprint}`, async () => {
    const clientCertificate = {
      [thumbprint]: readFileSync(`${keys}/client.${thumbprint}`, "utf8").trim(),
      privateKey: readFileSync(`${keys}/client-key.pem`, "utf8"),
    };
    const answer = await confidential({ clientCertificate }).acquireTokenByClientCredential(ownDefault);
    assert.equal(claims(answer.accessToken).azpacr, "2");
  });
}

const client = confidential();

/** Signs in by code and PKCE. */
async function byCode(user, more = {}, application = client) {
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const request = { scopes: [scope], redirectUri: callback, ...more };
  const url = await application.getAuthCodeUrl({
    ...request,
    codeChallenge: challenge,
    codeChallengeMethod: "S256",
    state: "s",
    nonce: "n",
  });
  const back = new URL(await signIn(url, user));
  assert.equal(back.searchParams.get("state"), "s");
  const code = back.searchParams.get("code");
  return application.acquireTokenByCode({ ...request, code, codeVerifier: verifier }, { nonce: "n" });
}

let signedIn;
await check("msal-node: code and PKCE", async () => {
  signedIn = await byCode("alex@contoso.com");
  assert.equal(signedIn.account.homeAccountId, `${alex}.${contoso}`);
  assert.equal(signedIn.account.username, "alex@contoso.com");
  assert.equal(signedIn.tenantId, contoso);
  assert.deepEqual(signedIn.scopes, [scope]);
});

await check("msal-node: silently from the cache, by refresh token, and for another resource", async () => {
  const { account } = signedIn;
  const cached = await client.acquireTokenSilent({ account, scopes: [scope] });
  assert.equal(cached.fromCache, true);
  const renewed = await client.acquireTokenSilent({ account, scopes: [scope], forceRefresh: true });
  assert.equal(renewed.fromCache, false);
  assert.notEqual(renewed.accessToken, cached.accessToken);
  const graph = await client.acquireTokenSilent({ account, scopes: ["User.Read"] });
  assert.equal(graph.fromCache, false);
  assert.equal(claims(graph.accessToken).aud, "https://graph.microsoft.com");
  assert.equal((await client.acquireTokenSilent({ account, scopes: ["User.Read"] })).fromCache, true);
});

await check("msal-node: accounts are kept and removed", async () => {
  const cache = client.getTokenCache();
  assert.equal((await cache.getAllAccounts()).length, 1);
  const found = await cache.getAccountByHomeId(`${alex}.${contoso}`);
  await byCode("adele@contoso.com");
  assert.equal((await cache.getAllAccounts()).length, 2);
  await cache.removeAccount(found);
  assert.equal((await cache.getAllAccounts()).length, 1);
  signedIn = await byCode("alex@contoso.com");
});

await check("msal-node: device code", async () => {
  const device = new PublicClientApplication(auth(cli));
  const answer = await device.acquireTokenByDeviceCode({
    scopes: [scope],
    deviceCodeCallback: async ({ verificationUri, userCode }) => {
      const last = await signIn(verificationUri, "alex@contoso.com", { userCode });
      assert.match(last, /You have signed in/);
    },
  });
  assert.equal(answer.account.homeAccountId, `${alex}.${contoso}`);
});

await check("msal-node: on behalf of", async () => {
  const answer = await client.acquireTokenOnBehalfOf({
    oboAssertion: signedIn.accessToken,
    scopes: ["https://graph.microsoft.com/User.Read"],
  });
  assert.equal(claims(answer.accessToken).appid, web);
  assert.equal(claims(answer.accessToken).oid, alex);
});

await check("msal-node: missing consent needs interaction", async () => {
  const error = await thrown(() =>
    client.acquireTokenSilent({ account: signedIn.account, scopes: ["Mail.Read"] }),
  );
  assert.ok(error instanceof InteractionRequiredAuthError, error.stack);
  assert.equal(error.subError, "consent_required");
});

await check("msal-node: a challenge is met by a second factor, also on behalf of", async () => {
  await ask("/policies", { require: "mfa", resource: "Microsoft Graph" });
  const scopes = ["User.Read"];
  const { account } = signedIn;
  const error = await thrown(() => client.acquireTokenSilent({ account, scopes, forceRefresh: true }));
  assert.ok(error instanceof InteractionRequiredAuthError, error.stack);
  assert.match(error.claims, /capolids/);
  const onBehalf = (oboAssertion, claims) => client.acquireTokenOnBehalfOf({ oboAssertion, scopes, claims });
  const refused = await thrown(() => onBehalf(signedIn.accessToken, '{"id_token":{}}'));
  assert.ok(refused instanceof InteractionRequiredAuthError, refused.stack);

  const graph = await byCode("alex@contoso.com", { scopes, claims: error.claims });
  assert.deepEqual(claims(graph.accessToken).amr, ["pwd", "mfa"]);
  assert.ok(await client.acquireTokenSilent({ account: graph.account, scopes, forceRefresh: true }));
  const own = await client.acquireTokenSilent({ account: graph.account, scopes: [scope], forceRefresh: true });
  assert.ok(await onBehalf(own.accessToken));
  await ask("/policies", undefined, "DELETE");
});

await check("msal-node: a revoked token is challenged by Graph, and replaced after a new sign-in", async () => {
  const capable = confidential({ clientSecret: secret, clientCapabilities: ["CP1"] });
  const me = (token) => fetch(`${entra}/v1.0/me`, { headers: { authorization: `Bearer ${token}` } });
  const scopes = ["User.Read"];
  const first = await byCode("adele@contoso.com", { scopes }, capable);
  assert.deepEqual(claims(first.accessToken).xms_cc, ["cp1"]);
  assert.ok(first.expiresOn - Date.now() > 19 * 3_600_000);
  assert.equal((await me(first.accessToken)).status, 200);
  // Tokens and revocations know seconds.
  await new Promise((passed) => setTimeout(passed, 1100));
  await ask("/users/adele", { revoke: "sessions" });
  const answer = await me(first.accessToken);
  assert.equal(answer.status, 401);
  const [, challenge] = answer.headers.get("www-authenticate").match(/error="insufficient_claims", claims="([^"]+)"/);
  const wanted = Buffer.from(challenge, "base64").toString();
  const error = await thrown(() =>
    capable.acquireTokenSilent({ account: first.account, scopes, claims: wanted }),
  );
  assert.ok(error instanceof InteractionRequiredAuthError, error.stack);
  assert.equal(error.subError, "bad_token");
  const second = await byCode("adele@contoso.com", { scopes, claims: wanted }, capable);
  assert.equal((await me(second.accessToken)).status, 200);
});

await check("the API accepts these tokens", async () => {
  const delegated = await whoami(signedIn.accessToken);
  assert.equal(delegated.status, 200, delegated.text);
  assert.match(delegated.text, /alex@contoso\.com/);
});

await check("the API refuses their ID tokens, tokens for Graph, and those of Stranger", async () => {
  assert.equal((await whoami(signedIn.idToken)).status, 401);
  const graph = await client.acquireTokenSilent({ account: signedIn.account, scopes: ["User.Read"] });
  assert.equal((await whoami(graph.accessToken)).status, 401);
  const other = new ConfidentialClientApplication(auth(stranger, { clientSecret: "stranger-secret" }));
  const foreign = await other.acquireTokenByClientCredential({ scopes: [`api://${stranger}/.default`] });
  assert.equal((await whoami(foreign.accessToken)).status, 401);
});

await check("msal-node: the API passes a challenge on, and answers whoever comes back with what it asked for", async () => {
  await ask("/reset", {});
  const sites = async (token) => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${places.api}/api/sharepoint/sites?search=*`, { headers });
    return { status: answer.status, challenge: answer.headers.get("www-authenticate"), body: await answer.json() };
  };
  const first = await byCode("lee@contoso.com");
  const refused = await sites(first.accessToken);
  assert.deepEqual([refused.status, refused.body.error.code], [401, "INTERACTION_REQUIRED"]);
  const [, encoded] = refused.challenge.match(/error="insufficient_claims", claims="([^"]+)"/);
  const wanted = Buffer.from(encoded, "base64").toString();
  assert.equal(refused.body.error.details.claims, wanted);

  const { account } = first;
  const error = await thrown(() => client.acquireTokenSilent({ account, scopes: [scope], claims: wanted }));
  assert.ok(error instanceof InteractionRequiredAuthError, error.stack);
  const second = await byCode("lee@contoso.com", { claims: wanted });
  const answered = await sites(second.accessToken);
  assert.equal(answered.status, 200);
  assert.ok(answered.body.data.length > 0);
});

done();
