// How a screen of the console looks: to axe, in both themes, and at the width of a telephone.

import { readFileSync } from "node:fs";

import { picture } from "./console.mjs";
import { api } from "./places.mjs";

const axe = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/** What axe finds. */
export async function faultsOf(page) {
  await page.evaluate(axe);
  // Where the keyboard leaves a dialog or a group, Fluent has elements that hand the focus on and never keep it.
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run({ exclude: ["[data-tabster-dummy]"] }, { resultTypes: ["violations"] }),
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
}

/** The screen as it is, once it has come to rest. */
export async function restedOn(page, words) {
  await page.getByText(words).first().waitFor();
  await page.getByLabel("Loading").first().waitFor({ state: "detached" });
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))));
}

/** What goes beyond the screen: of the page, or of what scrolls in it. */
export async function tooWideOn(page, width) {
  const [whole, hidden] = await page.evaluate(() => {
    const main = document.getElementById("main");
    return [document.documentElement.scrollWidth, main.scrollWidth - main.clientWidth];
  });
  return [...(whole > width ? [`${whole} px wide`] : []), ...(hidden > 0 ? [`${hidden} px are out of sight`] : [])];
}

/** All that is wrong with a screen, light and dark and narrow; `ready` brings it to where it is looked at. */
export async function faultsInEachLook(page, name, path, ready) {
  const found = [];
  for (const [look, colorScheme, width] of [["light", "light", 1280], ["dark", "dark", 1280], ["narrow", "light", 360]]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 800 });
    await page.goto(api + path);
    await ready();
    await picture(page, `${name}-${look}`);
    const title = await page.title();
    const faults = [...(await faultsOf(page)), ...(await tooWideOn(page, width)), ...(/^.+ – Tenantry$/.test(title) ? [] : [`the title is ${title}`])];
    found.push(...faults.map((fault) => `${look} ${fault}`));
  }
  return found;
}
