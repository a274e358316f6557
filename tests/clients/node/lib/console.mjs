// The console in Chromium, and people who sign in to it.

import { chromium } from "playwright-core";

import { api } from "./places.mjs";

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

export const shown = (page, name) => page.getByRole("heading", { name, level: 1 }).waitFor();

export async function picture(page, name) {
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/${name}.png`, fullPage: true });
}

/** All complaints but those about refusals, which Chromium reports as well. */
export const unexpected = (complaints) => complaints.filter((text) => !/status of 40[0-9]/.test(text));
