// The emulator's own page, in Chromium: what a developer does by hand is what a test does by the control API.

import assert from "node:assert/strict";

import { chromium } from "playwright-core";

import { check, done } from "./lib/check.mjs";
import { ask } from "./lib/places.mjs";

await ask("/reset", {});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});
const page = await browser.newPage();
page.setDefaultTimeout(20_000);
const said = (text) => page.getByRole("status").filter({ hasText: text }).first().waitFor();

await check("control page: a fault, the clock, a user and a policy are changed by hand", async () => {
  await page.goto(`${process.env.ENTRA_HTTP}/emulator`);
  await page.getByRole("combobox", { name: "Where" }).selectOption("keys");
  await page.getByRole("spinbutton", { name: "Status" }).fill("500");
  await page.getByRole("button", { name: "Add the fault" }).click();
  await said("Done: POST /faults");
  assert.deepEqual(await ask("/faults", undefined, "GET"), [{ endpoint: "keys", kind: "status", status: 500 }]);
  const before = new Date((await ask("/clock", undefined, "GET")).now);
  await page.getByRole("button", { name: "Move", exact: true }).click();
  await said("Done: POST /clock");
  assert.ok(new Date((await ask("/clock", undefined, "GET")).now) - before >= 3_600_000);
  const johanna = page.getByRole("row", { name: "johanna@contoso.com" });
  await johanna.getByRole("button", { name: "Enable" }).click();
  await johanna.getByRole("button", { name: "Disable" }).waitFor();
  const shipped = await ask("/policies", undefined, "GET");
  await page.getByRole("button", { name: "Add the policy" }).click();
  await said("Done: POST /policies");
  const policies = await ask("/policies", undefined, "GET");
  assert.deepEqual([policies.length, policies.at(-1).require], [shipped.length + 1, "mfa"]);
  await page.getByRole("button", { name: "Reset to the start" }).click();
  await said("Done: POST /reset");
  assert.deepEqual(await ask("/policies", undefined, "GET"), shipped);
});

await browser.close();
done();
