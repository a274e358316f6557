// Connections in the console, from a cold start: an account is connected, a key made, and a token fetched with the line
// that was copied, which Microsoft Graph takes. Then Microsoft ends the grant, and the person mends it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import { check, done } from "./lib/check.mjs";
import { launch, opened, picture, shown, signedIn, unexpected } from "./lib/console.mjs";
import { api, ask } from "./lib/places.mjs";

await ask("/reset", {});
const browser = await launch();
const { page, context, complaints } = await opened(browser);
const dialog = page.getByRole("dialog");
const menu = page.getByRole("navigation", { name: "Main" });
const goTo = async (name) => {
  await menu.getByRole("link", { name, exact: true }).click();
  await shown(page, name);
};
/** Goes through Microsoft's pages, whichever come, until the browser is back. */
async function throughMicrosoft() {
  const button = (name) => page.getByRole("button", { name });
  const back = page.getByText("The account is connected");
  for (let left = 100; left > 0; left -= 1) {
    if (await back.isVisible()) return;
    // A page may go away while it is looked at; then the next one is looked at.
    const step = { timeout: 2_000 };
    const taken = (async () => {
      if (await page.getByLabel("Password").isVisible()) {
        await page.getByLabel("Password").fill("emulator", step);
        await button("Sign in").click(step);
      } else if (await button("Adele Vance").isVisible()) await button("Adele Vance").click(step);
      else if (await button("Accept").isVisible()) await button("Accept").click(step);
    })();
    await taken.catch(() => {});
    await page.waitForTimeout(200);
  }
  throw new Error(`the way through Microsoft does not end: ${page.url()}`);
}

let id;
await check("connections: an account is connected, from a cold start", async () => {
  await signedIn(page, "adele@contoso.com", "/me/connections");
  await page.getByRole("heading", { name: "No account is connected yet" }).waitFor();
  await picture(page, "connections-empty");
  await page.getByRole("link", { name: "Connect an account" }).click();
  await throughMicrosoft();
  id = new URL(page.url()).searchParams.get("connection");
  await page.getByText("Works", { exact: true }).waitFor();
  await picture(page, "connections");
});

await check("connections: a key is made, and its line fetches a token that Microsoft Graph takes", async () => {
  await page.getByRole("button", { name: "Fetch a token" }).click();
  await dialog.getByRole("button", { name: "Fetch one now" }).click();
  await dialog.getByText(/A token that is valid until/).waitFor();
  await picture(page, "connection-token");
  await dialog.getByRole("link", { name: "Make an API key" }).click();
  await shown(page, "API keys");
  await page.getByRole("button", { name: "New API key" }).click();
  await dialog.getByLabel("Name").fill("tokens");
  await dialog.getByLabel("tokens:read").check();
  await dialog.getByRole("button", { name: "Make the key" }).click();
  const secret = page.getByRole("region", { name: "Copy the key now" });
  await secret.getByText(`/api/connections/${id}/token`).waitFor();
  await secret.getByRole("button", { name: "Copy: curl" }).click();
  const line = await page.evaluate(() => navigator.clipboard.readText());
  const { data } = JSON.parse(execFileSync("bash", ["-c", `${line} -s`], { encoding: "utf8" }));
  const me = await fetch(`${process.env.ENTRA_HTTP}/v1.0/me`, { headers: { authorization: `Bearer ${data.accessToken}` } });
  assert.equal((await me.json()).displayName, "Adele Vance");
});

await check("connections: an administrator sees everybody's, and finds one by its address", async () => {
  await goTo("Connections");
  await page.getByRole("button", { name: "Details" }).click();
  await page.getByText("Connected by").waitFor();
  await picture(page, "connections-all");
  await page.getByRole("searchbox").fill("nobody@contoso.com");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "No connection fits" }).waitFor();
});

await check("connections: a grant that Microsoft ended is told in plain words, and mended under the same id", async () => {
  await ask("/users/adele", { revoke: "sessions" });
  await goTo("My connections");
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByText(/Reconnect the account\./).waitFor();
  await picture(page, "connection-broken");
  await page.getByRole("button", { name: "Reconnect" }).click();
  await throughMicrosoft();
  assert.equal(new URL(page.url()).searchParams.get("connection"), id);
  await page.getByText("Works", { exact: true }).waitFor();
});

await check("connections: one is deleted, after a question", async () => {
  await page.getByRole("button", { name: "Delete" }).click();
  await picture(page, "connection-delete");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { name: "No account is connected yet" }).waitFor();
});

await check("connections: the policy refused nothing of it", () => assert.deepEqual(unexpected(complaints), []));

await context.close();
await browser.close();
done();
