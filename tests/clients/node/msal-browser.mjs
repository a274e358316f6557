// @azure/msal-browser in Chromium: by redirect, silently in both ways, and out again.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";

import { chromium } from "playwright-core";

import { check, done } from "./lib/check.mjs";
import { ask, contoso, entra, keys, scope, spa, whoami } from "./lib/places.mjs";

const here = (path) => new URL(path, import.meta.url);
const config = { clientId: spa, authority: `${entra}/${contoso}` };
const files = {
  "/": ["text/html", readFileSync(here("browser/index.html"))],
  "/redirect.html": ["text/html", "<!doctype html><title>Blank, for the hidden frame</title>"],
  "/config.js": ["text/javascript", `const config = ${JSON.stringify(config)};`],
  "/msal-browser.min.js": [
    "text/javascript",
    readFileSync(here("node_modules/@azure/msal-browser/lib/msal-browser.min.js")),
  ],
};
// Over https, as the emulator: to a browser that blocks cookies of third parties they are then one site, and a hidden
// frame has the session. With http://localhost it has none, as with the real service, and MSAL uses the refresh token.
const identity = { key: readFileSync(`${keys}/client-key.pem`), cert: readFileSync(`${keys}/client.pem`) };
const server = createServer(identity, (request, response) => {
  const [type, body] = files[new URL(request.url, "https://localhost").pathname] ?? ["text/plain", ""];
  response.writeHead(body ? 200 : 404, { "content-type": `${type}; charset=utf-8` }).end(body);
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const origin = `https://localhost:${server.address().port}`;

await ask("/reset", {});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ],
});
// Neither certificate is known to the browser.
const context = await browser.newContext({ ignoreHTTPSErrors: true });
context.setDefaultTimeout(20_000);
const page = await context.newPage();
const says = async (text) => {
  await page.getByRole("status").filter({ hasText: new RegExp(`^${text}$`) }).waitFor();
};
const silent = (request) =>
  page.evaluate(
    (request) => application.acquireTokenSilent({ account: application.getActiveAccount(), ...request }),
    request,
  );

await check("msal-browser: signs in by redirect", async () => {
  await page.goto(origin);
  await says("nobody");
  await page.evaluate((scope) => void application.loginRedirect({ scopes: [scope] }), scope);
  await page.getByLabel("Email address").fill("alex@contoso.com");
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByLabel("Password").fill("emulator");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${origin}/**`);
  await says("alex@contoso.com");
});

let first;
await check("msal-browser: silently from the cache, and the API accepts the token", async () => {
  first = await silent({ scopes: [scope] });
  assert.equal(first.fromCache, true);
  assert.equal((await whoami(first.accessToken)).status, 200);
  assert.equal((await whoami(first.idToken)).status, 401);
});

await check("msal-browser: renews by refresh token", async () => {
  const renewed = await silent({ scopes: [scope], forceRefresh: true });
  assert.equal(renewed.fromCache, false);
  assert.notEqual(renewed.accessToken, first.accessToken);
});

await check("msal-browser: renews in a hidden frame", async () => {
  // 5: neither the cache nor the refresh token.
  const request = { scopes: [scope], cacheLookupPolicy: 5, redirectUri: `${origin}/redirect.html` };
  const renewed = await silent(request);
  assert.equal(renewed.fromCache, false);
  assert.equal(renewed.account.username, "alex@contoso.com");
});

await check("msal-browser: signs out, and is silent no more", async () => {
  await page.evaluate(() => void application.logoutRedirect({ account: application.getActiveAccount() }));
  await page.waitForURL(`${origin}/**`);
  await says("nobody");
  const error = await page.evaluate(
    ({ scope, redirectUri }) =>
      application.ssoSilent({ scopes: [scope], redirectUri, loginHint: "alex@contoso.com" }).then(
        () => "nothing",
        (error) => error.errorCode,
      ),
    { scope, redirectUri: `${origin}/redirect.html` },
  );
  assert.equal(error, "login_required");
});

await browser.close();
server.close();
done();
