// The recipes of docs/recipes and the clients that they are for, on real answers of the token hub.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

import * as jose from "jose";
import * as oidc from "openid-client";
import ts from "typescript";

import { check, done } from "./lib/check.mjs";
import { api, ask, entra } from "./lib/places.mjs";
import { signIn } from "./lib/sign-in.mjs";

const graph = process.env.ENTRA_HTTP;
const recipes = new URL("../../../docs/recipes/", import.meta.url);
const adele = "adele@contoso.com";

await ask("/reset", {});

/** A browser as far as its cookies go, in which Adele signs in and connects her account; gives the connection's id. */
async function connected() {
  const cookies = new Map();
  const open = async (path) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(`${api}${path}`, { redirect: "manual", headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split("=");
      cookies.set(name, value);
    }
    assert.equal(answer.status, 303, `${path}: ${answer.status} ${answer.ok ? "" : await answer.text()}`);
    return answer.headers.get("location");
  };
  const way = async (start) => {
    // The pages of the emulator are filled in at its other listener.
    const authority = (await open(start)).replace(graph, entra);
    const back = new URL(await signIn(authority, adele));
    return open(`${back.pathname}${back.search}`);
  };
  await way("/api/oauth/microsoft/start");
  const landed = await way("/api/oauth/microsoft/start?connect=true");
  return new URL(landed, api).searchParams.get("connection");
}

const { access_token: bearer } = await ask("/tokens", { user: "adele" });

async function key(more = {}) {
  const body = { name: "recipes", scopes: ["connections:read", "tokens:read", "proxy:graph"], ...more };
  const answer = await fetch(`${api}/api/api-keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 201, await answer.clone().text());
  return (await answer.json()).data;
}

async function whois(token) {
  const answer = await fetch(`${graph}/v1.0/me`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200);
  return (await answer.json()).userPrincipalName;
}

const connection = await connected();
const made = await key();
const environment = {
  ...process.env,
  TENANTRY: api,
  GRAPH: graph,
  API_KEY: made.rawKey,
  API_KEY_ID: made.id,
  CONNECTION: connection,
};
const recipe = (name) => new URL(name, recipes).pathname;
const run = (program, name) => promisify(execFile)(program, [recipe(name)], { env: environment });

await check("token hub: n8n's Code node opens every token of GET /api/external/tokens, and Graph takes it", async () => {
  const answer = await fetch(`${api}/api/external/tokens`, { headers: { "x-api-key": made.rawKey } });
  assert.equal(answer.status, 200);
  const items = [{ json: await answer.json() }];
  const code = await readFile(recipe("n8n/code-node.js"), "utf8");
  // As n8n runs it: these names are there, and what is returned goes to the next node.
  const node = new Function("items", "require", "$env", code);
  const found = node(items, createRequire(import.meta.url), { TENANTRY_WIRE_KEY: made.wireKey });
  assert.deepEqual(found.map(({ json }) => json.provider).sort(), ["microsoft", "microsoft-sharepoint"]);
  for (const { json } of found) {
    assert.equal(json.status, "ACTIVE");
    assert.equal(json.id, connection);
    if (json.provider === "microsoft") assert.equal(await whois(json.accessToken), adele);
  }
  assert.throws(() => node(items, createRequire(import.meta.url), { TENANTRY_WIRE_KEY: "another" }));
});

await check("token hub: n8n's Code node passes over a connection that gives no token", async () => {
  const code = await readFile(recipe("n8n/code-node.js"), "utf8");
  const broken = { id: "x", status: "REVOKED", accessToken: { type: "Buffer", data: null } };
  const node = new Function("items", "require", "$env", code);
  const items = [{ json: { accounts: [broken] } }];
  assert.deepEqual(node(items, createRequire(import.meta.url), { TENANTRY_WIRE_KEY: "any" }), []);
});

for (const [name, method] of [["basic", oidc.ClientSecretBasic], ["post", oidc.ClientSecretPost]]) {
  await check(`token hub: openid-client gets a token by client credentials (client_secret_${name})`, async () => {
    const server = { issuer: api, token_endpoint: `${api}/oauth/token` };
    const config = new oidc.Configuration(server, made.id, undefined, method(made.rawKey));
    oidc.allowInsecureRequests(config);
    const tokens = await oidc.clientCredentialsGrant(config, { scope: `graph connection:${connection}` });
    assert.equal(await whois(tokens.access_token), adele);
    assert.ok(tokens.expires_in >= 300);
    const refused = oidc.clientCredentialsGrant(config, { scope: "nonsense" });
    await assert.rejects(refused, (error) => error.error === "invalid_scope" && error.status === 400);
  });
}

await check("token hub: jose opens what is encrypted to an EC key and to an RSA key", async () => {
  for (const algorithm of ["ECDH-ES", "RSA-OAEP-256"]) {
    const pair = await jose.generateKeyPair(algorithm, { crv: "P-256", extractable: true });
    const { kty, crv, x, y, n, e } = await jose.exportJWK(pair.publicKey);
    const mine = await key({ jwePublicKey: { kty, crv, x, y, n, e, kid: algorithm } });
    const answer = await fetch(`${api}/api/connections/${connection}/token`, {
      headers: { authorization: `ApiKey ${mine.rawKey}` },
    });
    const { data } = await answer.json();
    assert.equal(data.tokenType, "JWE");
    const opened = await jose.compactDecrypt(data.accessToken, pair.privateKey);
    assert.deepEqual([opened.protectedHeader.kid, opened.protectedHeader.enc], [algorithm, "A256GCM"]);
    assert.equal(await whois(new TextDecoder().decode(opened.plaintext)), adele);
  }
});

await check("token hub: Microsoft's Graph client with the hub as its authProvider", async () => {
  const code = await readFile(recipe("microsoft-graph-sdk/client.mjs"), "utf8");
  // The package lies beside this file and not beside the recipe.
  const here = code.replace(/from "@microsoft/, `from "${new URL("./node_modules/", import.meta.url)}@microsoft`);
  const resolved = here.replace(/microsoft-graph-client"/, 'microsoft-graph-client/lib/src/index.js"');
  const { graphClient } = await import(`data:text/javascript,${encodeURIComponent(resolved)}`);
  // It sends its token by https only.
  const client = graphClient({ hub: api, apiKey: made.rawKey, connectionId: connection, graph: entra });
  assert.equal((await client.api("/me").get()).userPrincipalName, adele);
});

await check("token hub: the TypeScript recipe", async () => {
  const code = await readFile(recipe("typescript/hub.ts"), "utf8");
  const compiled = ts.transpileModule(code, { compilerOptions: { module: "esnext", target: "es2022" } }).outputText;
  const { accessToken } = await import(`data:text/javascript,${encodeURIComponent(compiled)}`);
  const hub = { url: api, apiKey: made.rawKey, connectionId: connection };
  assert.equal(await whois(await accessToken(hub)), adele);
  await assert.rejects(accessToken({ ...hub, connectionId: crypto.randomUUID() }), /NOT_FOUND/);
});

await check("token hub: the recipes for curl and Python", async () => {
  assert.equal((await run("bash", "curl/graph.sh")).stdout, `${adele}\n${adele}\n${adele}\n`);
  assert.equal((await run("python3", "python/messages.py")).stdout, `${adele}\n`);
});

await check("token hub: what Make and Zapier send, a request with X-Api-Key to the proxy", async () => {
  const url = `${api}/api/proxy/${connection}/graph/v1.0/me`;
  const answer = await fetch(url, { headers: { "x-api-key": made.rawKey } });
  assert.equal((await answer.json()).userPrincipalName, adele);
});

done();
