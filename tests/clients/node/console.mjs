// The console in Chromium: somebody who has never seen it signs in, looks around, and makes a taxonomy.

import assert from "node:assert/strict";

import { check, done } from "./lib/check.mjs";
import { fillIn, launch, opened, picture as pictureOf, shown as shownOn, unexpected } from "./lib/console.mjs";
import { api, ask } from "./lib/places.mjs";

await ask("/reset", {});
const browser = await launch();
const { context, page, complaints } = await opened(browser);
const shown = (name) => shownOn(page, name);
const picture = (name) => pictureOf(page, name);

await check("console: who is not signed in is asked to, and comes back to where they were", async () => {
  await page.goto(`${api}/organization/taxonomies`);
  await shown("Tenantry");
  await picture("sign-in");
  complaints.length = 0;
  await page.getByRole("link", { name: "Sign in with Microsoft" }).click();
  await fillIn(page, "adele@contoso.com");
  await shown("Taxonomies");
  assert.equal(new URL(page.url()).pathname, "/organization/taxonomies");
});

await check("console: a taxonomy and a term of it are made", async () => {
  await page.getByText("No taxonomy yet").waitFor();
  await picture("taxonomies-empty");
  await page.getByRole("button", { name: "New taxonomy" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Topics");
  await dialog.getByLabel("Description").fill("What our documents are about.");
  await picture("taxonomy-new");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("What our documents are about.").waitFor();
  await page.getByRole("button", { name: "New term" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Notice periods");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByText("Notice periods").waitFor();
  await picture("taxonomies");
});

for (const [name, heading] of [
  ["Overview", "Overview"],
  ["Members", "Members"],
  ["Annotations", "Annotations"],
  ["Profile", "Profile"],
  ["Sessions", "Sessions"],
]) {
  await check(`console: ${name}`, async () => {
    await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
    await shown(heading);
    await page.getByLabel("Loading").first().waitFor({ state: "detached" });
    assert.equal(await page.getByRole("alert").count(), 0);
    await picture(name.toLowerCase());
  });
}

await check("console: dark, and narrow", async () => {
  await page.getByRole("button", { name: "Adele Vance" }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await page.keyboard.press("Escape");
  await page.setViewportSize({ width: 360, height: 740 });
  await page.getByRole("button", { name: "Open the menu" }).click();
  await page.getByRole("dialog").getByRole("link", { name: "Overview" }).click();
  await shown("Overview");
  await picture("narrow-dark");
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 360, `${width} px wide`);
});

await check("console: signs out", async () => {
  await page.getByRole("button", { name: "Adele Vance" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await shown("Tenantry");
  assert.equal((await context.request.get(`${api}/api/auth/me`)).status(), 401);
});

await check("console: the policy refused nothing of it", () => {
  assert.deepEqual(unexpected(complaints), []);
});

await browser.close();
done();
