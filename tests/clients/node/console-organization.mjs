// An organization in the console: a key that works as it is copied, its rotation and end, settings, people, export, and
// the end of it all. It is Fabrikam's, since others need Contoso afterwards.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

import { check, done } from "./lib/check.mjs";
import { launch, opened, picture, shown, signedIn, throughMicrosoft, unexpected } from "./lib/console.mjs";
import { api, ask } from "./lib/places.mjs";

await ask("/reset", {});
const browser = await launch();
const { page, context, complaints } = await opened(browser);
const dialog = page.getByRole("dialog");
const secret = page.getByRole("region", { name: "Copy the key now" });

/** What a shell prints for a line that was copied. */
const run = (line) => JSON.parse(execFileSync("bash", ["-c", `${line} -s`], { encoding: "utf8" }));
/** What the button for it puts onto the clipboard. */
async function copied(name) {
  await secret.getByRole("button", { name: `Copy: ${name}` }).click();
  return page.evaluate(() => navigator.clipboard.readText());
}

await check("api keys: one is made with limits, and its line for a shell works as it is copied", async () => {
  // As far as Microsoft knows, she was asked twenty minutes ago; so what cannot be taken back asks her once more.
  await ask("/clock", { advance: -1_200 });
  await signedIn(page, "megan@fabrikam.com", "/organization/api-keys");
  await page.getByRole("heading", { name: "No API keys yet" }).waitFor();
  await ask("/clock", undefined, "DELETE");
  await picture(page, "api-keys-empty");
  await page.getByRole("button", { name: "New API key" }).click();
  await dialog.getByLabel("Name").fill("nightly");
  await dialog.getByLabel("taxonomies:read").check();
  await dialog.getByRole("button", { name: "Limits" }).click();
  await dialog.getByLabel("Addresses it may be used from").fill("127.0.0.1\n::1");
  await dialog.getByLabel("Requests in a minute").fill("600");
  await picture(page, "api-key-new");
  await dialog.getByRole("button", { name: "Make the key" }).click();
  await secret.waitFor();
  await picture(page, "api-key-made");
  const line = await copied("curl");
  assert.deepEqual(run(line), { data: [], nextCursor: null });
  await secret.getByRole("tab", { name: "n8n" }).click();
  const [node] = JSON.parse(await copied("n8n")).nodes;
  assert.equal(node.parameters.url, `${api}/api/taxonomies`);
  await secret.getByRole("button", { name: "I have kept it" }).click();
  await secret.waitFor({ state: "detached" });
  assert.equal(await page.getByText(node.parameters.headerParameters.parameters[0].value).count(), 0);
});

await check("api keys: what was wrong is said beside the field, and nothing that was typed is lost", async () => {
  await page.getByRole("button", { name: "New API key" }).click();
  await dialog.getByLabel("Name").fill("wrong");
  await dialog.getByRole("button", { name: "Limits" }).click();
  await dialog.getByLabel("Addresses it may be used from").fill("nowhere");
  await dialog.getByRole("button", { name: "Make the key" }).click();
  await dialog.getByRole("alert").first().waitFor();
  assert.equal(await dialog.getByLabel("Addresses it may be used from").inputValue(), "nowhere");
  await dialog.getByRole("button", { name: "Cancel" }).click();
});

await check("api keys: rotated, so that both secrets work; then revoked, and neither does; then deleted", async () => {
  await page.getByRole("link", { name: "nightly" }).click();
  await shown(page, "nightly");
  await page.getByRole("button", { name: "Rotate" }).click();
  await picture(page, "api-key-rotate");
  await dialog.getByRole("button", { name: "Rotate" }).click();
  await secret.waitFor();
  const line = await copied("curl");
  assert.deepEqual(run(line).data, []);
  await page.getByRole("button", { name: "Revoke" }).click();
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await page.getByText("Revoked", { exact: true }).waitFor();
  assert.equal(run(line).error.code, "API_KEY_REVOKED");
  await picture(page, "api-key-revoked");
  await page.getByRole("button", { name: "Delete" }).click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { name: "No API keys yet" }).waitFor();
});

await check("settings: the name and a configuration are changed, and shown where they matter", async () => {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("Name").fill("Fabrikam Ltd.");
  await page.getByLabel("Configuration").fill("{ not json");
  await page.getByText("This is not a JSON object.").waitFor();
  await page.getByLabel("Configuration").fill('{"brand":"blue"}');
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("banner").getByText("Fabrikam Ltd.").waitFor();
  await page.reload();
  assert.deepEqual(JSON.parse(await page.getByLabel("Configuration").inputValue()), { brand: "blue" });
  await picture(page, "settings");
});

await check("members: people are brought in from Microsoft, and who is suspended can be let in again", async () => {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Members" }).click();
  await page.getByRole("button", { name: "Import" }).click();
  await page.getByText("Everybody was brought in").waitFor();
  const nestor = page.getByRole("row", { name: /Nestor Wilke/ });
  await nestor.getByRole("button", { name: "Suspend" }).click();
  await nestor.getByRole("cell", { name: "Suspended", exact: true }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await nestor.getByRole("cell", { name: "Active", exact: true }).waitFor();
  await picture(page, "members-imported");
});

await check("settings: everything is exported, to the last line", async () => {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Settings" }).click();
  const button = page.getByRole("button", { name: "Export everything" });
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  const lines = readFileSync(await download.path(), "utf8").trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(lines[0].export.organization.name, "Fabrikam Ltd.");
  assert.deepEqual(lines.at(-1), { end: true });
});

await check("settings: deleting asks for a sign-in of just now, and leads back from it", async () => {
  await page.getByRole("button", { name: "Delete the organization" }).click();
  await dialog.getByRole("textbox").fill("Fabrikam Ltd.");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await dialog.getByText(/Sign in once more/).waitFor();
  await picture(page, "organization-delete-again");
  await dialog.getByRole("link", { name: "Sign in again" }).click();
  await page.getByLabel("Password").or(page.getByLabel("Email address")).first().waitFor();
  const settings = page.getByRole("button", { name: "Delete the organization" });
  await throughMicrosoft(page, settings, { name: "Megan Bowen", address: "megan@fabrikam.com" });
  assert.equal(new URL(page.url()).pathname, "/organization/settings");
});

await check("settings: the organization is deleted once its name is typed, and nobody is let in any more", async () => {
  await page.getByRole("button", { name: "Delete the organization" }).click();
  const remove = dialog.getByRole("button", { name: "Delete" });
  await dialog.getByRole("textbox").fill("Fabrikam");
  assert.equal(await remove.getAttribute("aria-disabled"), "true");
  await dialog.getByRole("textbox").fill("Fabrikam Ltd.");
  await picture(page, "organization-delete");
  await remove.click();
  await page.getByRole("heading", { name: "Fabrikam Ltd. is deleted" }).waitFor();
  await picture(page, "organization-deleted");
  await page.getByRole("link", { name: "To the sign-in" }).click();
  await shown(page, "Tenantry");
  await page.goto(`${api}/organization/members`);
  await page.getByRole("heading", { name: "You are not let in" }).waitFor();
  await picture(page, "shut-out");
});

await check("organization: the policy refused nothing of it", () => {
  // Being shut out is told by the page that is shown then, and by React, which reports what it shows such a page for.
  const others = unexpected(complaints).filter((text) => !text.startsWith("TenantryError: Your organization is deleted"));
  assert.deepEqual(others, []);
});

await context.close();
await browser.close();
done();
