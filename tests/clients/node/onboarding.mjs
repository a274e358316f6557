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

/** Somebody with a browser of their own, who opens the link and signs in at Microsoft. */
async function begins(who) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(`${api}/api/onboarding/start`);
  await page.getByLabel("Email address").fill(who);
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByLabel("Password").fill("emulator");
  await page.getByRole("button", { name: "Sign in" }).click();
  return { page, complaints, context };
}

const title = (page) => page.getByRole("heading", { level: 1 });
const picture = async (page, name) => {
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/onboarding-${name}.png` });
};

await check("onboarding: somebody who is no administrator is told so by Microsoft, and hands the keyboard over", async () => {
  const { page } = await begins("grady@northwind.com");
  await page.getByText("requires the permission of an administrator").waitFor();
  await page.getByRole("button", { name: "Use another account" }).click();
  await page.getByLabel("Email address").fill("lidia@northwind.com");
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByLabel("Password").fill("emulator");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Accept" }).waitFor();
});

await check("onboarding: an administrator who declines is told that nothing was changed", async () => {
  const { page } = await begins("lidia@northwind.com");
  await page.getByRole("button", { name: "Cancel" }).click();
  await title(page).filter({ hasText: "You declined" }).waitFor();
  await picture(page, "declined");
});

await check("onboarding: an administrator goes from the link to a connected organization", async () => {
  const { page, complaints } = await begins("lidia@northwind.com");
  await page.getByRole("button", { name: "Accept" }).click();
  await page.waitForURL(`${api}/**`);
  await title(page).filter({ hasText: /Your organization is connected|Finishing set-up/ }).waitFor();
  await title(page).filter({ hasText: "Your organization is connected" }).waitFor();
  await picture(page, "connected");
  assert.deepEqual(complaints.filter((text) => /policy/i.test(text)), []);
});

await browser.close();
done();
