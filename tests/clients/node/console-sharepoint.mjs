// SharePoint in the console: somebody finds a file, annotates it with a term, changes that, and takes things back.

import assert from "node:assert/strict";

import { check, done } from "./lib/check.mjs";
import { disconnected, launch, opened, picture, shown, signedIn, throughMicrosoft, unexpected } from "./lib/console.mjs";
import { api, ask } from "./lib/places.mjs";

await ask("/reset", {});
await disconnected();
const browser = await launch();
const { page, context, complaints } = await opened(browser);
const { access_token: token } = await ask("/tokens", { user: "adele" });

/** What an administrator has made before. */
async function made(path, body) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(`${api}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(response.status, 201, await response.clone().text());
  return (await response.json()).data;
}
const topics = await made("/api/taxonomies", { name: "Clauses" });
for (const label of ["Notice period", "Liability"]) await made(`/api/taxonomies/${topics.id}/terms`, { label });

const panel = page.getByRole("dialog");
const toast = (words) => page.getByText(words, { exact: true });

await check("sharepoint: who only signed in connects the account in place, and comes back to the files", async () => {
  await signedIn(page, "adele@contoso.com", "/organization/sharepoint");
  await shown(page, "SharePoint");
  await page.getByRole("heading", { name: "Connect your account to see your files" }).waitFor();
  await picture(page, "sharepoint-connect");
  await page.getByRole("link", { name: "Connect the account" }).click();
  await throughMicrosoft(page, page.getByRole("link", { name: "Project 20" }));
  assert.equal(new URL(page.url()).pathname, "/organization/sharepoint");
});

await check("sharepoint: sites, libraries and folders, each with its place in the address", async () => {
  await page.getByRole("link", { name: "Project 20" }).waitFor();
  await picture(page, "sharepoint-sites");
  await page.getByRole("button", { name: "Show more" }).click();
  await page.getByRole("link", { name: "Project 30" }).waitFor();
  await page.getByRole("searchbox", { name: "Search sites" }).fill("Marketing");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Project 20" }).waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Marketing" }).click();
  await page.getByRole("link", { name: "Documents" }).click();
  await page.getByRole("link", { name: "Contracts", exact: true }).click();
  const way = page.getByRole("navigation", { name: "Where you are" });
  await way.getByText("Contracts").waitFor();
  await page.reload();
  await way.getByText("Contracts").waitFor();
  assert.deepEqual(await way.getByRole("listitem").allInnerTexts(), ["Sites", "marketing", "Documents", "Contracts"]);
  await way.getByRole("link", { name: "Documents" }).click();
  await page.getByRole("link", { name: "Brochure.pdf", exact: true }).waitFor();
  await picture(page, "sharepoint-files");
});

await check("sharepoint: a library is searched, and a file downloaded", async () => {
  await page.getByRole("searchbox", { name: "Search this library" }).fill("Welcome");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Brochure.pdf", exact: true }).waitFor({ state: "detached" });
  const link = page.getByRole("link", { name: "Download: Welcome.txt" });
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  assert.equal(download.suggestedFilename(), "Welcome.txt");
  await page.goBack();
});

await check("sharepoint: a file is annotated with a note and a term", async () => {
  await page.getByRole("link", { name: "Brochure.pdf", exact: true }).click();
  await panel.getByText("Nobody has annotated this file yet.").waitFor();
  assert.match(await panel.getByRole("link", { name: "Open in SharePoint" }).getAttribute("href"), /^https:\/\/contoso\.sharepoint\.com\//);
  await panel.getByRole("textbox", { name: "Note" }).fill("See page 4.");
  await panel.getByRole("combobox", { name: "Terms" }).pressSequentially("notice");
  await page.getByRole("menuitemcheckbox", { name: "Notice period", exact: true }).click();
  await picture(page, "sharepoint-annotate");
  await page.keyboard.press("Escape");
  await panel.getByRole("button", { name: "Annotate" }).click();
  await panel.getByRole("article").getByText("See page 4.").waitFor();
  assert.equal(await panel.getByRole("article").getByText("Notice period", { exact: true }).count(), 1);
  await picture(page, "sharepoint-annotated");
});

await check("annotations: listed by file, with the file as Microsoft shows it", async () => {
  await page.goto(`${api}/organization/annotations`);
  await page.getByRole("link", { name: "Brochure.pdf", exact: true }).waitFor();
  await picture(page, "annotations");
  await page.getByLabel("Term", { exact: true }).selectOption("Liability");
  await page.getByRole("heading", { name: "No annotation fits" }).waitFor();
  await page.getByLabel("Term", { exact: true }).selectOption("Notice period");
  await page.getByRole("link", { name: "Brochure.pdf", exact: true }).waitFor();
});

await check("annotations: changed, and changed back", async () => {
  await page.getByRole("button", { name: "Edit annotation" }).click();
  await page.getByRole("dialog").getByRole("textbox", { name: "Note" }).fill("See page 5.");
  await picture(page, "annotation-edit");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await toast("See page 5.").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await toast("See page 4.").waitFor();
});

/** How many there are at the service. */
const count = async () => {
  const response = await fetch(`${api}/api/annotations`, { headers: { authorization: `Bearer ${token}` } });
  return (await response.json()).data.length;
};

await check("annotations: deleted and brought back, then deleted, which leaving the page does not stop", async () => {
  const before = await count();
  await page.getByRole("button", { name: "Delete" }).click();
  await toast("See page 4.").waitFor({ state: "detached" });
  // What was said before may still be on its way out, with an Undo of its own.
  await page.locator(".fui-Toast").filter({ hasText: "The annotation is deleted" }).getByRole("button", { name: "Undo" }).click();
  await toast("See page 4.").waitFor();
  assert.equal(await count(), before);
  await page.getByRole("button", { name: "Delete" }).click();
  await toast("See page 4.").waitFor({ state: "detached" });
  assert.equal(await count(), before);
  await page.goto("about:blank");
  for (let left = 50; left > 0 && (await count()) === before; left -= 1) await new Promise((wake) => setTimeout(wake, 100));
  assert.equal(await count(), before - 1);
});

await check("sharepoint: the policy refused nothing of it", () => assert.deepEqual(unexpected(complaints), []));

await context.close();
await browser.close();
done();
