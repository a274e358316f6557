// The operators' area in Chromium: one of the service's own staff invites an organization, suspends it, lets it in again,
// deletes it and brings it back; and nobody else gets there.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";

import { check, done } from "./lib/check.mjs";
import { fillIn, launch, opened, picture, shown, signedIn, throughMicrosoft, unexpected } from "./lib/console.mjs";
import { faultsInEachLook, faultsOf, restedOn } from "./lib/looks.mjs";
import { api, ask } from "./lib/places.mjs";

const northwind = "d0000000-0000-4000-8000-000000000003";
const cli = (...words) => execFileSync(process.env.TENANTRY, words, { encoding: "utf8" });

await ask("/reset", {});
const browser = await launch();
const { page, context, complaints } = await opened(browser);
const customer = await opened(browser);
const dialog = page.getByRole("dialog");
const button = (name) => page.getByRole("button", { name, exact: true });
const menu = page.getByRole("navigation", { name: "Main" });
/** Until the service, which is another process than the command, answers an operator's request so: within a second. */
async function answered(status) {
  const end = Date.now() + 5000;
  for (let last = 0; last !== status; ) {
    last = (await context.request.get(`${api}/api/admin/ping`)).status();
    assert.ok(last === status || Date.now() < end, `${last}, not ${status}`);
    if (last !== status) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
/** A customer of its own for each run against a service that goes on. */
const note = `Northwind, Ms Holloway, ${Date.now()}`;

await check("operator: an administrator of an organization sees no operators' area, and is refused at its address", async () => {
  await signedIn(page, "adele@contoso.com", "/operator/organizations");
  await page.getByRole("navigation", { name: "Main" }).waitFor();
  // Another run against this service may have left it to her.
  cli("admin", "grant", "adele@contoso.com", "--revoke");
  await answered(403);
  await page.reload();
  await page.getByRole("heading", { name: "This is for the service's own staff" }).waitFor();
  await picture(page, "operator-not-for-you");
  assert.equal(await menu.getByRole("link", { name: "Organizations" }).count(), 0);
  for (const path of ["ping", "tenants", "invitations", "health"]) {
    const answer = await context.request.get(`${api}/api/admin/${path}`);
    assert.equal(answer.status(), 403, path);
    assert.equal((await answer.json()).error.code, "FORBIDDEN");
  }
});

await check("operator: who is made one on the command line has the area with the next page", async () => {
  // An address makes nobody one of the staff; it shows whose it may be, and what to run.
  const refused = spawnSync(process.env.TENANTRY, ["admin", "grant", "adele@contoso.com"], { encoding: "utf8" });
  assert.notEqual(refused.status, 0);
  const [, id] = refused.stderr.match(/tenantry admin grant (\S+)/);
  assert.match(cli("admin", "grant", id), /adele@contoso\.com/i);
  await answered(200);
  await page.goto(`${api}/operator`);
  await page.waitForURL("**/operator/organizations");
  await shown(page, "Organizations");
  await menu.getByRole("link", { name: "Invitations" }).click();
  await shown(page, "Invitations");
});

let link;

await check("operator: an invitation is made, and its link shown once", async () => {
  await button("New invitation").click();
  await dialog.getByLabel("For whom").fill(note);
  await dialog.getByLabel("Entra ID tenant").fill("northwind");
  await dialog.getByText("An id looks like").waitFor();
  assert.equal(await dialog.getByRole("button", { name: "Make the link" }).getAttribute("aria-disabled"), "true");
  await dialog.getByLabel("Entra ID tenant").fill(northwind);
  await picture(page, "operator-invitation-new");
  await dialog.getByRole("button", { name: "Make the link" }).click();
  const once = page.getByRole("region", { name: "Copy the link now" });
  await once.getByRole("button", { name: "Copy: Link" }).click();
  link = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(link.startsWith(`${api}/api/onboarding/start?invitation=`), link);
  // What the button says while the mouse is on it stands outside of everything.
  await page.mouse.move(0, 0);
  await page.getByRole("tooltip").waitFor({ state: "hidden" });
  await picture(page, "operator-invitation-made");
  assert.deepEqual(await faultsOf(page), []);
  await once.getByRole("button", { name: "I have kept it" }).click();
  await once.waitFor({ state: "detached" });
  assert.equal(await page.getByText(link).count(), 0);
  const row = page.getByRole("row").filter({ hasText: note });
  await row.getByText("Open", { exact: true }).waitFor();
});

await check("operator: what was withdrawn can be taken back for a moment, and then is good no more", async () => {
  const wrong = `A wrong one, ${Date.now()}`;
  await button("New invitation").click();
  await dialog.getByLabel("For whom").fill(wrong);
  await dialog.getByRole("button", { name: "Make the link" }).click();
  await button("I have kept it").click();
  const row = page.getByRole("row").filter({ hasText: wrong });
  await row.getByRole("button", { name: "Withdraw" }).click();
  await row.getByText("Withdrawn").waitFor();
  await button("Undo").click();
  await row.getByText("Open", { exact: true }).waitFor();
  await row.getByRole("button", { name: "Withdraw" }).click();
  await row.getByText("Withdrawn").waitFor();
  // Who leaves the page does not wait for it.
  await page.goto(`${api}/operator/invitations`);
  await row.getByText("Withdrawn").waitFor();
  assert.equal(await row.getByRole("button", { name: "Withdraw" }).count(), 0);
});

await check("operator: the customer's administrator connects by the link, and signs in", async () => {
  await customer.page.goto(link);
  await fillIn(customer.page, "lidia@northwind.com");
  await customer.page.getByRole("button", { name: "Accept" }).click();
  await customer.page.getByRole("heading", { name: "Your organization is connected", level: 1 }).waitFor();
  await customer.page.goto(`${api}/organization`);
  await customer.page.getByRole("link", { name: "Sign in with Microsoft" }).click();
  const overview = customer.page.getByRole("heading", { name: "Overview", level: 1 });
  await throughMicrosoft(customer.page, overview, { name: "Lidia Holloway", address: "lidia@northwind.com" });
  assert.equal(await customer.page.getByRole("link", { name: "Invitations" }).count(), 0);
});

let organization;
/** How often it was looked into: each time is written down there. */
let looks = 0;
page.on("request", (request) => (looks += Number(request.method() === "GET" && /tenants\/[^?]+\?reason=/.test(request.url()))));

await check("operator: the invitation leads to the organization, which opens with a reason", async () => {
  await page.goto(`${api}/operator/invitations`);
  await page.getByRole("link", { name: note }).click();
  await shown(page, "Northwind");
  organization = new URL(page.url()).pathname;
  await restedOn(page, "A look inside");
  assert.equal(await page.getByText("Domains", { exact: true }).count(), 0);
  assert.equal(await button("Open").getAttribute("aria-disabled"), "true");
  await page.getByLabel("Why?").fill("Ticket 1207: consent looks incomplete");
  await button("Open").click();
  await page.getByText("Domains", { exact: true }).waitFor();
  await picture(page, "operator-look");
});

await check("operator: an organization is suspended with a reason, and its member is shut out and told so", async () => {
  await button("Suspend").click();
  const suspend = dialog.getByRole("button", { name: "Suspend" });
  assert.equal(await suspend.getAttribute("aria-disabled"), "true");
  await dialog.getByLabel("Why?").fill("It was not paid for.");
  await picture(page, "operator-suspend");
  await suspend.click();
  await page.getByText("Northwind is suspended").first().waitFor();
  await page.getByText("It was not paid for.").waitFor();
  await page.getByRole("definition").getByText("Suspended", { exact: true }).waitFor();
  await customer.page.reload();
  await customer.page.getByRole("heading", { name: "You are not let in" }).waitFor();
  await customer.page.getByText("Your organization is suspended.").waitFor();
  await picture(customer.page, "operator-shut-out");
});

await check("operator: it is let in again, and the member goes on", async () => {
  await button("Reactivate").click();
  await dialog.getByLabel("Why?").fill("It was paid for.");
  await dialog.getByRole("button", { name: "Reactivate" }).click();
  await page.getByText("Northwind is let in again").first().waitFor();
  await page.getByText("It was not paid for.").waitFor({ state: "detached" });
  assert.equal(looks, 1);
  await customer.page.goto(`${api}/organization`);
  await shown(customer.page, "Overview");
});

await check("operator: it is deleted by its name and a reason, and restored", async () => {
  await button("Delete").click();
  const remove = dialog.getByRole("button", { name: "Delete" });
  await dialog.getByLabel("Why?").fill("They asked us to.");
  await dialog.getByLabel("Type “Northwind” to confirm").fill("northwind");
  assert.equal(await remove.getAttribute("aria-disabled"), "true");
  await dialog.getByLabel("Type “Northwind” to confirm").fill("Northwind");
  await picture(page, "operator-delete");
  await remove.click();
  await page.getByText("It can be restored until").waitFor();
  await customer.page.reload();
  await customer.page.getByText("Your organization is deleted here.").waitFor();
  await button("Restore").click();
  await dialog.getByLabel("Why?").fill("They changed their minds.");
  await dialog.getByRole("button", { name: "Restore" }).click();
  await page.getByText("It can be restored until").waitFor({ state: "detached" });
  await customer.page.goto(`${api}/organization`);
  await shown(customer.page, "Overview");
});

await check("operator: organizations are found by a part of their name, and by their tenant", async () => {
  await page.goto(`${api}/operator/organizations`);
  const search = page.getByRole("searchbox", { name: "Name, domain or id" });
  for (const words of ["nOrThWi", northwind]) {
    await search.fill(words);
    await page.keyboard.press("Enter");
    await page.getByText("1–1 of 1").waitFor();
    await page.getByRole("link", { name: "Northwind" }).waitFor();
  }
  await search.fill("no such thing");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "No organization fits" }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("q"), "no such thing");
});

/** The screens, and what each shows when it is whole. */
const screens = {
  organizations: ["/operator/organizations", "Northwind"],
  "organizations-none": ["/operator/organizations?q=nowhere", "No organization fits"],
  organization: [organization, "A look inside"],
  "organization-gone": ["/operator/organizations/01900000-0000-7000-8000-000000000001", "There is no such organization"],
  invitations: ["/operator/invitations", note],
  health: ["/operator/health", "Running since"],
};
for (const [name, [path, words]] of Object.entries(screens)) {
  await check(`operator: ${name}, light and dark and narrow`, async () => {
    assert.deepEqual(await faultsInEachLook(page, `look-operator-${name}`, path, () => restedOn(page, words)), []);
  });
}

await check("operator: a look and a dialog, light and dark and narrow", async () => {
  const look = async () => {
    await restedOn(page, "A look inside");
    await page.getByLabel("Why?").fill("Ticket 1208");
    await button("Open").click();
    await restedOn(page, "Domains");
  };
  assert.deepEqual(await faultsInEachLook(page, "look-operator-inside", organization, look), []);
  const asked = async () => {
    await restedOn(page, "A look inside");
    await button("Delete").click();
    await restedOn(page, "to confirm");
  };
  assert.deepEqual(await faultsInEachLook(page, "look-operator-delete", organization, asked), []);
});

await check("operator: who would shut themselves out is warned", async () => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(`${api}/operator/organizations?q=contoso.com`);
  await page.getByRole("link", { name: /^contoso/i }).click();
  await button("Suspend").click();
  await dialog.getByText("This is your own organization").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
});

await check("operator: by keyboard alone, a dialog takes the focus and gives it back", async () => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(`${api}${organization}`);
  await restedOn(page, "A look inside");
  await button("Suspend").focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.tagName === "TEXTAREA");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement.textContent === "Suspend");
});

await check("operator: whose right is taken back is refused with the next request", async () => {
  cli("admin", "grant", "adele@contoso.com", "--revoke");
  await answered(403);
  // The page does not know it yet.
  await menu.getByRole("link", { name: "Health" }).click();
  await page.getByRole("heading", { name: "This is for the service's own staff" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "This is for the service's own staff" }).waitFor();
  assert.equal(await menu.getByRole("link", { name: "Health" }).count(), 0);
});

await check("operator: the policy refused nothing of it", () => {
  // Being shut out is told by the page that is shown then, and by React, which reports what it shows such a page for.
  const others = (list) => unexpected(list).filter((text) => !text.startsWith("TenantryError: "));
  assert.deepEqual([...others(complaints), ...others(customer.complaints)], []);
});

await browser.close();
done();
