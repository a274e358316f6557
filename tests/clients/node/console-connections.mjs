// Connections in the console, from a cold start: an account is connected, a key made, and a token fetched with the line
// that was copied, which Microsoft Graph takes; a file is found and annotated. Then Microsoft ends the grant, which is told
// where the files would be, too, and the person mends it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import { check, done } from "./lib/check.mjs";
import { disconnected, launch, opened, picture, shown, signedIn, throughMicrosoft, unexpected } from "./lib/console.mjs";
import { api, ask } from "./lib/places.mjs";

await ask("/reset", {});
await disconnected();
const browser = await launch();
const { page, context, complaints } = await opened(browser);
const dialog = page.getByRole("dialog");
const menu = page.getByRole("navigation", { name: "Main" });
const goTo = async (name) => {
  await menu.getByRole("link", { name, exact: true }).click();
  await shown(page, name);
};
const connected = () => throughMicrosoft(page, page.getByText("The account is connected"));

let id;
await check("connections: an account is connected, from a cold start", async () => {
  await signedIn(page, "adele@contoso.com", "/me/connections");
  await page.getByRole("heading", { name: "No account is connected yet" }).waitFor();
  await picture(page, "connections-empty");
  await page.getByRole("link", { name: "Connect an account" }).click();
  await connected();
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

await check("connections: with the account connected, a file is found and annotated by the session alone", async () => {
  await goTo("SharePoint");
  await page.getByRole("searchbox", { name: "Search sites" }).fill("Marketing");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Marketing" }).click();
  await page.getByRole("link", { name: "Documents" }).click();
  await page.getByRole("link", { name: "Welcome.txt", exact: true }).click();
  await dialog.getByRole("textbox", { name: "Note" }).fill("Start here.");
  await dialog.getByRole("button", { name: "Annotate" }).click();
  await dialog.getByRole("article").getByText("Start here.").waitFor();
  await page.keyboard.press("Escape");
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
  await connected();
  assert.equal(new URL(page.url()).searchParams.get("connection"), id);
  await page.getByText("Works", { exact: true }).waitFor();
});

await check("connections: where the files would be, a broken one is mended in place", async () => {
  await ask("/users/adele", { revoke: "sessions" });
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByText(/Reconnect the account\./).waitFor();
  await goTo("SharePoint");
  await page.getByRole("heading", { name: "Your connected account needs you" }).waitFor();
  await picture(page, "sharepoint-broken");
  await page.getByRole("button", { name: "Reconnect" }).click();
  await throughMicrosoft(page, page.getByRole("link", { name: "Project 20" }));
  assert.equal(new URL(page.url()).pathname, "/organization/sharepoint");
  await goTo("My connections");
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
