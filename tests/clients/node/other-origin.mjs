// A single-page application on an origin of its own, in Chromium: by CORS it calls the API and reads what it needs to
// go on, refusals and their challenges included. One whose origin is not listed reads nothing.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

import { chromium } from "playwright-core";

import { check, done } from "./lib/check.mjs";
import { api, ask } from "./lib/places.mjs";

const html = readFileSync(new URL("browser/other-origin.html", import.meta.url));
const server = createServer((_, response) => {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(html);
});
await new Promise((ready) => server.listen(Number(process.env.OTHER_PORT), "127.0.0.1", ready));
const listed = `http://localhost:${process.env.OTHER_PORT}`;
const unlisted = `http://127.0.0.1:${process.env.OTHER_PORT}`;

await ask("/reset", {});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});
const page = await browser.newPage();
page.setDefaultTimeout(20_000);
/** What the page can read of an answer; `/api/…` is called from within it. */
const called = (path, token, options) =>
  page.evaluate(([url, token, options]) => call(url, token, options), [`${api}${path}`, token, options]);

const { access_token: token } = await ask("/tokens", { user: "alex" });
await page.goto(listed);

await check("other origin: a call with a token, its preflight included, and the headers of its answer", async () => {
  const answer = await called("/api/auth/organization", token);
  assert.equal(answer.status, 200);
  for (const header of ["etag", "ratelimit-remaining", "ratelimit-policy", "x-request-id"]) {
    assert.ok(answer.headers[header], `${header} cannot be read: ${Object.keys(answer.headers)}`);
  }
  const same = await called("/api/auth/me", token, { headers: { "x-request-id": "of-the-page" } });
  assert.equal(same.headers["x-request-id"], "of-the-page");
});

await check("other origin: a refusal says by WWW-Authenticate what is wanted", async () => {
  const nobody = await called("/api/auth/me");
  assert.deepEqual([nobody.status, nobody.body.error.code], [401, "UNAUTHORIZED"]);
  assert.match(nobody.challenge, /^Bearer\b/);
  const refused = await called("/api/auth/me", `${token}x`);
  assert.equal(refused.status, 401);
  assert.match(refused.challenge, /^Bearer .*error="invalid_token"/);
  assert.equal(refused.claims, undefined);
});

await check("other origin: claims that a challenge asks for are read as the authority takes them", async () => {
  const wanted = { access_token: { nbf: { essential: true, value: "1763726400" } } };
  const encoded = Buffer.from(JSON.stringify(wanted)).toString("base64");
  const challenge = `Bearer realm="", error="insufficient_claims", claims="${encoded}"`;
  assert.deepEqual(JSON.parse(await page.evaluate((text) => wantedClaims(text), challenge)), wanted);
});

await check("other origin: a challenge of Microsoft's arrives with its claims, and the bytes of a file with their name", async () => {
  const { access_token: lee } = await ask("/tokens", { user: "lee" });
  const refused = await called("/api/sharepoint/sites?search=*", lee);
  assert.deepEqual([refused.status, refused.body.error.code], [401, "INTERACTION_REQUIRED"]);
  assert.equal(refused.claims, refused.body.error.details.claims);
  assert.ok(JSON.parse(refused.claims).access_token);
  const sites = await called("/api/sharepoint/sites?search=Marketing", token);
  const drives = await called(`/api/sharepoint/sites/${sites.body.data[0].id}/drives`, token);
  const drive = drives.body.data[0].id;
  const files = await called(`/api/sharepoint/drives/${drive}/search?q=Welcome`, token);
  const content = `/api/sharepoint/drives/${drive}/items/${files.body.data[0].id}/content`;
  const part = await page.evaluate(
    async ([url, token]) => {
      const headers = { authorization: `Bearer ${token}`, range: "bytes=-7", "if-range": '"another"' };
      const answer = await fetch(url, { headers });
      const read = (name) => answer.headers.get(name);
      return { status: answer.status, names: ["content-disposition", "accept-ranges"].filter((name) => read(name)) };
    },
    [`${api}${content}`, token],
  );
  assert.deepEqual(part, { status: 200, names: ["content-disposition", "accept-ranges"] });
});

await check("other origin: one that is not listed reads nothing", async () => {
  await page.goto(unlisted);
  for (const given of [undefined, token]) {
    const outcome = await called("/api/auth/me", given).catch((error) => String(error));
    assert.match(outcome, /Failed to fetch/);
  }
});

await browser.close();
server.close();
done();
