import { TenantryError } from "@tenantry/client";

import { everything, me, type Place } from "./places";
import { account, signIn, signOut } from "./session";

function element<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as E;
}

const [who, trail, list, problem] = ["who", "trail", "list", "problem"].map((id) => element(id)) as [HTMLElement, HTMLElement, HTMLElement, HTMLElement];
const more = element<HTMLButtonElement>("more");

/** Does something, and says what came of it when that is a failure. */
async function attempt(action: () => Promise<void>): Promise<void> {
  problem.textContent = "";
  try {
    await action();
  } catch (error) {
    const request = error instanceof TenantryError && error.requestId ? ` (request ${error.requestId})` : "";
    problem.textContent = `${error instanceof Error ? error.message : String(error)}${request}`;
  }
}

function button(name: string, action: () => Promise<void>): HTMLButtonElement {
  const made = document.createElement("button");
  made.textContent = name;
  made.addEventListener("click", () => void attempt(action));
  return made;
}

function entry(place: Place, above: readonly Place[]): HTMLElement {
  const item = document.createElement("li");
  item.append(button(place.name, () => (place.open ? show([...above, place]) : save(place))));
  return item;
}

async function save(place: Place): Promise<void> {
  const bytes = await place.download?.();
  if (bytes === undefined) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(bytes);
  link.download = place.name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** Shows what is in the last of these places. */
async function show(way: readonly Place[], cursor?: string): Promise<void> {
  const here = way.at(-1);
  const found = await here?.open?.(cursor);
  if (found === undefined) return;
  trail.replaceChildren(...way.map((place, depth) => button(place.name, () => show(way.slice(0, depth + 1)))));
  const entries = found.places.map((place) => entry(place, way));
  if (cursor === undefined) list.replaceChildren(...entries);
  else list.append(...entries);
  more.hidden = found.next === null;
  more.onclick = () => void attempt(() => show(way, found.next ?? undefined));
}

const signedIn = account() !== null;
element("sign-in").hidden = signedIn;
element("sign-out").hidden = !signedIn;
element("browser").hidden = !signedIn;
element("sign-in").addEventListener("click", () => void attempt(signIn));
element("sign-out").addEventListener("click", () => void attempt(signOut));
who.textContent = signedIn ? "…" : "Nobody is signed in.";
if (signedIn) {
  await attempt(async () => {
    who.textContent = await me();
    await show([everything]);
  });
}
