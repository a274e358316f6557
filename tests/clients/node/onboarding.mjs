// Connecting a tenant in Chromium, with nothing but a link: what each person sees at the end of the way.

import assert from "node:assert/strict";

import { chromium } from "playwright-core";

import { check, done } from "./lib/check.mjs";
import { api, ask } from "./lib/places.mjs";

await ask("/reset", {});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});

const start = `${api}/api/onboarding/start`;
const fabrikam = "f0000000-0000-4000-8000-000000000002";
const northwind = "d0000000-0000-4000-8000-000000000003";

/** Somebody with a browser of their own, who opens the link; they stand on Microsoft's page then. */
async function opens(link = start) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(link);
  /** The address with which Microsoft would send them back. */
  const back = (parameters) => {
    const state = new URL(page.url()).searchParams.get("state");
    return `${api}/api/onboarding/callback?${new URLSearchParams({ admin_consent: "True", state, ...parameters })}`;
  };
  return { page, complaints, context, back };
}

/** The same, and signs in. */
async function begins(who) {
  const opened = await opens();
  await signsIn(opened.page, who);
  return opened;
}

async function signsIn(page, who) {
  await page.getByLabel("Email address").fill(who);
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByLabel("Password").fill("emulator");
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** The end of a way: what it says, and that there is a link on which it goes on. */
async function ends(page, words, name) {
  await title(page).filter({ hasText: words }).waitFor();
  await picture(page, name);
  await page.getByRole("link", { name: "Begin again" }).click();
  await page.waitForURL((url) => url.pathname.endsWith("/adminconsent"));
}

const title = (page) => page.getByRole("heading", { level: 1 });
const picture = async (page, name) => {
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/onboarding-${name}.png` });
};

await check("onboarding: somebody who is no administrator is told so by Microsoft, and hands the keyboard over", async () => {
  const { page } = await begins("grady@northwind.com");
  await page.getByText("requires the permission of an administrator").waitFor();
  await page.getByRole("button", { name: "Use another account" }).click();
  await signsIn(page, "lidia@northwind.com");
  await page.getByRole("button", { name: "Accept" }).waitFor();
});

await check("onboarding: an administrator who declines is told that nothing was changed", async () => {
  const { page } = await begins("lidia@northwind.com");
  await page.getByRole("button", { name: "Cancel" }).click();
  await ends(page, "You declined", "declined");
});

await check("onboarding: somebody whom Microsoft sends back as no administrator is told whom to ask", async () => {
  const { page, back } = await opens();
  const why = "AADSTS90094: An administrator of Contoso has set a policy that prevents you from granting this.";
  await page.goto(back({ error: "access_denied", error_description: why }));
  await page.getByText("Send the link that brought you here to an administrator").waitFor();
  await ends(page, "This takes an administrator", "no-administrator");
});

await check("onboarding: a state that was made up is told from one that was given", async () => {
  const { page, back } = await opens();
  await page.goto(back({ tenant: northwind, state: "bm9ib2R5IGdhdmUgdGhpcw" }));
  await page.getByText("Nothing has been changed").waitFor();
  await ends(page, "This link does not work any more", "forged");
});

await check("onboarding: a state in another browser than began is of no use", async () => {
  const [mine, theirs] = [await opens(), await opens()];
  await theirs.page.goto(mine.back({ tenant: northwind }));
  await ends(theirs.page, "This link does not work any more", "another-browser");
});

await check("onboarding: Microsoft that names no organization connects none", async () => {
  const { page, back } = await opens();
  await page.goto(back({}));
  await ends(page, "Microsoft did not say which organization it was", "no-tenant");
});

await check("onboarding: a link for one organization does not connect another", async () => {
  const { page, back } = await opens(`${start}?tenant=${northwind}`);
  await page.goto(back({ tenant: fabrikam }));
  await ends(page, "That was another organization", "another-tenant");
});

await check("onboarding: the organization of somebody else, named in the address, is not connected by that", async () => {
  await ask("/consent", { tenant: "fabrikam", remove: true });
  const { page, back } = await opens();
  await page.goto(back({ tenant: fabrikam }));
  await title(page).filter({ hasText: "Finishing set-up" }).waitFor();
  await page.getByText("You can leave this page open").waitFor();
  // It looks again by itself, and finds no more.
  await page.waitForEvent("load");
  await title(page).filter({ hasText: "Finishing set-up" }).waitFor();
  const { access_token: token } = await ask("/tokens", { user: "megan" });
  const status = await fetch(`${api}/api/onboarding/status`, { headers: { authorization: `Bearer ${token}` } });
  assert.notEqual((await status.json()).data.state, "active");
});

let lidia;
let connectedAt;

await check("onboarding: an administrator goes from the link to a connected organization", async () => {
  lidia = await begins("lidia@northwind.com");
  const { page, complaints } = lidia;
  lidia.address = "";
  page.on("request", (request) => {
    if (request.url().startsWith(`${api}/api/onboarding/callback`)) lidia.address = request.url();
  });
  await page.getByRole("button", { name: "Accept" }).click();
  await page.waitForURL(`${api}/**`);
  await title(page).filter({ hasText: /Your organization is connected|Finishing set-up/ }).waitFor();
  await title(page).filter({ hasText: "Your organization is connected" }).waitFor();
  connectedAt = Date.now();
  await picture(page, "connected");
  assert.deepEqual(complaints.filter((text) => /policy/i.test(text)), []);
});

await check("onboarding: the address that connected it does nothing a second time", async () => {
  assert.match(lidia.address, /state=/);
  const page = await lidia.context.newPage();
  await page.goto(lidia.address.replace(northwind, fabrikam));
  await title(page).filter({ hasText: "Your organization is connected" }).waitFor();
  await page.getByText("Northwind").waitFor();
  const elsewhere = await opens(lidia.address);
  await ends(elsewhere.page, "This link does not work any more", "replayed");
});

await check("onboarding: consent that takes 90 seconds to be known is waited for on a page that says so", async () => {
  await ask("/consent", { tenant: "contoso", remove: true });
  await ask("/propagation", { seconds: 90 });
  const { page } = await begins("adele@contoso.com");
  await page.getByRole("button", { name: "Accept" }).click();
  await title(page).filter({ hasText: "Finishing set-up" }).waitFor();
  await page.getByText("That takes a minute, sometimes several").waitFor();
  await picture(page, "finishing");
  await ask("/clock", { advance: 90 });
  await title(page).filter({ hasText: "Your organization is connected" }).waitFor({ timeout: 60_000 });
  await ask("/propagation", { seconds: 0 });
});

await check("onboarding: permissions that were taken away are named, and given again by confirming", async () => {
  const principal = { tenant: "northwind", app: "Microsoft Graph", principal: "Tenantry" };
  await ask("/consent", { ...principal, roles: ["Organization.Read.All"] });
  // A tenant is not looked at twice within a minute.
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, connectedAt + 62_000 - Date.now())));
  const { access_token: token } = await ask("/tokens", { user: "lidia" });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  await fetch(`${api}/api/onboarding/check`, { method: "POST", headers, body: "{}" });
  const { page } = lidia;
  const isFound = async () => {
    const answer = await page.request.get(`${api}/api/onboarding/progress`, { headers: { accept: "application/json" } });
    return (await answer.json()).data.missing.length > 0;
  };
  for (let look = 0; look < 60 && !(await isFound()); look += 1) await page.waitForTimeout(500);
  await page.goto(`${api}/api/onboarding/progress`);
  await page.getByText("See the people of the organization").waitFor();
  await title(page).filter({ hasText: "with something missing" }).waitFor();
  await picture(page, "partial");
  await page.getByRole("link", { name: "Begin again" }).click();
  await page.getByRole("button", { name: "Accept" }).click();
  await title(page).filter({ hasText: /^Your organization is connected$/ }).waitFor({ timeout: 60_000 });
});

await browser.close();
done();
