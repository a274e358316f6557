// The API's documentation pages in Chromium: "Authorize" signs in with PKCE at the emulator, "Try it out" calls.
// With SCREENSHOTS set to a folder, what an integrator sees is kept there.

import assert from "node:assert/strict";

import { chromium } from "playwright-core";

import { check, done } from "./lib/check.mjs";
import { api, ask } from "./lib/places.mjs";

await ask("/reset", {});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});
const context = await browser.newContext({ viewport: { width: 1300, height: 1000 } });
context.setDefaultTimeout(20_000);
// Whom the pages ask, and what they complain of: nobody else, and nothing.
const asked = new Set();
const complaints = [];
context.on("request", (request) => {
  if (/^https?:/.test(request.url())) asked.add(new URL(request.url()).origin);
});
context.on("console", (message) => {
  if (message.type() === "error") complaints.push(message.text());
});
context.on("weberror", (error) => complaints.push(String(error.error())));

const shoot = async (page, name) => {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });
};

/** Signs in at the window that opens. */
async function signIn(window, user) {
  await window.getByLabel("Email address").fill(user);
  await window.getByRole("button", { name: "Next" }).click();
  await window.getByLabel("Password").fill("emulator");
  await window.getByRole("button", { name: "Sign in" }).click();
}

const page = await context.newPage();

await check("docs: Authorize in Swagger UI signs in with PKCE", async () => {
  await page.goto(`${api}/docs`);
  await page.getByRole("heading", { name: "Identity" }).waitFor();
  await shoot(page, "docs");
  await page.getByRole("button", { name: "Authorize" }).click();
  const dialog = page.locator(".dialog-ux");
  await dialog.getByRole("heading", { name: /entra/ }).waitFor();
  await shoot(page, "docs-authorize");
  const opened = context.waitForEvent("page");
  await dialog.getByRole("button", { name: "Apply given OAuth2 credentials" }).click();
  const window = await opened;
  const closed = window.waitForEvent("close");
  assert.match(window.url(), /code_challenge=[\w-]+&code_challenge_method=S256/);
  await signIn(window, "adele@contoso.com");
  await closed;
  await dialog.getByText("Authorized", { exact: true }).waitFor();
  await shoot(page, "docs-authorized");
  await dialog.getByRole("button", { name: "Close" }).first().click();
});

await check("docs: Try it out in Swagger UI calls as whoever signed in", async () => {
  const operation = page.locator(".opblock", { hasText: "/api/auth/me" }).first();
  await operation.locator(".opblock-summary-control").click();
  await operation.getByRole("button", { name: "Try it out" }).click();
  await operation.getByRole("button", { name: "Execute" }).click();
  const answer = operation.locator(".live-responses-table tbody tr.response");
  await answer.locator(".response-col_status", { hasText: "200" }).waitFor();
  assert.match(await answer.innerText(), /adele@contoso\.com/);
  await shoot(page, "docs-me");
});

await check("docs: the reference renders, and shows how to sign in", async () => {
  await page.goto(`${api}/docs/reference`);
  await page.getByRole("heading", { name: "Tenantry", exact: true }).waitFor();
  await page.getByRole("link", { name: "Identity" }).or(page.getByRole("button", { name: "Identity" })).first().click();
  await page.getByRole("heading", { name: "Get the caller" }).waitFor();
  await shoot(page, "reference");
});

await check("docs: the pages ask nobody but the service and the authority, and complain of nothing", async () => {
  assert.deepEqual([...asked].sort(), [api, process.env.ENTRA_HTTP].sort());
  assert.deepEqual(complaints, []);
});

await browser.close();
done();
