// The sample single-page app, built as an integrator builds it, in Chromium over https: MSAL.js signs in, renews silently,
// and fetches what a claims challenge asks for; the app browses SharePoint with it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { check, done } from "./lib/check.mjs";
import { fillIn, launch, opened, picture } from "./lib/console.mjs";
import { api, ask, entra, keys, scope, spa } from "./lib/places.mjs";

const frontend = fileURLToPath(new URL("../../../frontend/", import.meta.url));
const built = mkdtempSync(join(tmpdir(), "spa-msal-"));
const settings = {
  VITE_CLIENT_ID: spa,
  VITE_AUTHORITY: `${entra}/organizations`,
  VITE_SCOPE: scope,
  VITE_TENANTRY_URL: api,
};
execFileSync("node_modules/.bin/vite", ["build", "examples/spa-msal", "--outDir", built, "--emptyOutDir", "--logLevel", "warn"], {
  cwd: frontend,
  env: { ...process.env, ...settings },
});

const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const identity = { key: readFileSync(`${keys}/client-key.pem`), cert: readFileSync(`${keys}/client.pem`) };
const server = createServer(identity, (request, response) => {
  const { pathname } = new URL(request.url, "https://localhost");
  const name = pathname === "/" ? "/index.html" : pathname;
  try {
    const body = readFileSync(join(built, name));
    response.writeHead(200, { "content-type": `${types[extname(name)]}; charset=utf-8` }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(Number(process.env.SPA_PORT), "127.0.0.1", ready));
const origin = `https://localhost:${process.env.SPA_PORT}`;

await ask("/reset", {});
const browser = await launch();

/** The grants that a page asks tokens with. */
function grants(page) {
  const seen = [];
  page.context().on("request", (request) => {
    if (!new URL(request.url()).pathname.endsWith("/oauth2/v2.0/token")) return;
    seen.push(new URLSearchParams(request.postData() ?? "").get("grant_type"));
  });
  return seen;
}

const status = (page, text) => page.getByRole("status").filter({ hasText: text }).waitFor();
const button = (page, name) => page.getByRole("button", { name, exact: true });

const adele = await opened(browser);
const asked = grants(adele.page);

await check("spa-msal: signs in, and shows who it is and what they may see", async () => {
  const { page } = adele;
  await page.goto(origin);
  await status(page, "Nobody is signed in.");
  await button(page, "Sign in with Microsoft").click();
  await fillIn(page, "adele@contoso.com");
  await page.waitForURL(`${origin}/**`);
  await status(page, "Adele Vance");
  await button(page, "Marketing").waitFor();
  assert.deepEqual(asked, ["authorization_code"]);
});

await check("spa-msal: browses SharePoint, and downloads a file", async () => {
  const { page } = adele;
  await button(page, "Marketing").click();
  await button(page, "Documents").click();
  await button(page, "Contracts").waitFor();
  await picture(page, "spa-msal");
  const [download] = await Promise.all([page.waitForEvent("download"), button(page, "Welcome.txt").click()]);
  assert.equal(download.suggestedFilename(), "Welcome.txt");
  assert.ok(readFileSync(await download.path()).length > 0);
});

await check("spa-msal: renews its token silently when that has run out", async () => {
  const { page } = adele;
  const before = asked.length;
  await page.clock.install();
  await page.clock.fastForward("02:00:00");
  await button(page, "Contracts").click();
  await page.getByRole("navigation").getByRole("button", { name: "Contracts" }).waitFor();
  assert.deepEqual(asked.slice(before), ["refresh_token"]);
  assert.equal(await page.getByRole("alert").textContent(), "");
});

await check("spa-msal: signs out, here and at Microsoft", async () => {
  const { page } = adele;
  await button(page, "Sign out").click();
  await page.waitForURL((url) => url.origin === origin && url.searchParams.has("state"));
  await status(page, "Nobody is signed in.");
  await button(page, "Sign in with Microsoft").click();
  await page.getByLabel("Email address").waitFor();
});
await adele.context.close();

await check("spa-msal: a second factor that SharePoint wants is asked for, and the call is repeated", async () => {
  const { page, context } = await opened(browser);
  await page.goto(origin);
  await button(page, "Sign in with Microsoft").click();
  const popup = page.waitForEvent("popup");
  await fillIn(page, "lee@contoso.com");
  await page.waitForURL(`${origin}/**`);
  const challenge = await popup;
  await challenge.getByLabel("Code").fill("123456");
  await Promise.all([challenge.waitForEvent("close"), challenge.getByRole("button", { name: /Verify|Sign in|Next/ }).click()]);
  await status(page, "Lee Gu");
  await button(page, "Marketing").click();
  await button(page, "Documents").waitFor();
  assert.equal(await page.getByRole("alert").textContent(), "");
  await context.close();
});

await browser.close();
server.close();
rmSync(built, { recursive: true });
done();
