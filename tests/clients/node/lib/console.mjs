// The console in Chromium, and people who sign in to it.

import { chromium } from "playwright-core";

import { api, ask } from "./places.mjs";

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  });
}

/** A new window of somebody's, with what it complains of. */
export async function opened(browser, options = {}) {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    locale: "en-GB",
    viewport: { width: 1280, height: 800 },
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  });
  context.setDefaultTimeout(Number(process.env.PATIENCE ?? 20_000));
  const page = await context.newPage();
  /** What the policy refused, and what threw. */
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  return { context, page, complaints };
}

/** Fills in Microsoft's pages. */
export async function fillIn(page, user) {
  await page.getByLabel("Email address").fill(user);
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByLabel("Password").fill("emulator");
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Goes to a screen of the console by signing in on the way. */
export async function signedIn(page, user, path = "/") {
  await page.goto(`${api}${path}`);
  await page.getByRole("link", { name: "Sign in with Microsoft" }).click();
  await fillIn(page, user);
}

/** A start at which nobody of Adele's organization has connected an account, whatever others have left. */
export async function disconnected() {
  const { access_token: token } = await ask("/tokens", { user: "adele" });
  const headers = { authorization: `Bearer ${token}` };
  const { data } = await (await fetch(`${api}/api/connections?limit=200`, { headers })).json();
  for (const { id } of data) {
    const gone = await fetch(`${api}/api/connections/${id}`, { method: "DELETE", headers });
    if (gone.status !== 204) throw new Error(`${id}: ${gone.status}`);
  }
}

/** Goes through Microsoft's pages, whichever come, until the browser is back and shows something. */
export async function throughMicrosoft(page, back, { name: person, address } = { name: "Adele Vance", address: "adele@contoso.com" }) {
  const button = (name) => page.getByRole("button", { name });
  for (let left = 100; left > 0; left -= 1) {
    if (await back.isVisible()) return;
    // A page may go away while it is looked at; then the next one is looked at.
    const step = { timeout: 2_000 };
    const taken = (async () => {
      if (await page.getByLabel("Email address").isVisible()) {
        await page.getByLabel("Email address").fill(address, step);
        await button("Next").click(step);
      } else if (await page.getByLabel("Password").isVisible()) {
        await page.getByLabel("Password").fill("emulator", step);
        await button("Sign in").click(step);
      } else if (await button(person).isVisible()) await button(person).click(step);
      else if (await button("Accept").isVisible()) await button("Accept").click(step);
    })();
    await taken.catch(() => {});
    await page.waitForTimeout(200);
  }
  throw new Error(`the way through Microsoft does not end: ${page.url()}`);
}

export const shown = (page, name) => page.getByRole("heading", { name, level: 1 }).waitFor();

export async function picture(page, name) {
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/${name}.png`, fullPage: true });
}

/** All complaints but those about refusals, which Chromium reports as well. */
export const unexpected = (complaints) => complaints.filter((text) => !/status of 40[0-9]/.test(text));
