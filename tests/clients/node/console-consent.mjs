// Consent that a tenant took back, in the console: who misses it is led to where it is given, or told whom to ask.

import assert from "node:assert/strict";

import { check, done } from "./lib/check.mjs";
import { disconnected, launch, opened, picture, signedIn, throughMicrosoft, unexpected } from "./lib/console.mjs";
import { api, ask } from "./lib/places.mjs";

await ask("/reset", {});
await disconnected();
const browser = await launch();
const { page, context, complaints } = await opened(browser);
const needed = page.getByRole("heading", { name: "An administrator has to consent" });
const consent = page.getByRole("link", { name: "Consent as an administrator" });

await check("consent: consent that was taken back is given again where it is missed, and the account reconnected", async () => {
  await signedIn(page, "adele@contoso.com", "/organization/sharepoint");
  await page.getByRole("link", { name: "Connect the account" }).click();
  await throughMicrosoft(page, page.getByRole("link", { name: "Project 20" }));
  await ask("/consent", { tenant: "contoso", remove: true });
  // To Microsoft the token has ended; so the next call asks for another one.
  await ask("/clock", { advance: 6_000 });
  await page.goto(`${api}/organization/sharepoint`);
  await needed.waitFor();
  await picture(page, "sharepoint-consent-gone");
  const link = await consent.getAttribute("href");
  assert.ok(link.startsWith(`${api}/api/onboarding/start?tenant=`), link);
  await page.getByText(link).waitFor();
  const other = await context.newPage();
  await other.goto(link);
  await throughMicrosoft(other, other.getByRole("heading", { name: "Your organization is connected", level: 1 }));
  await other.close();
  await page.getByRole("button", { name: "Reconnect" }).click();
  await throughMicrosoft(page, page.getByRole("link", { name: "Project 20" }));
  await ask("/clock", undefined, "DELETE");
});

await check("consent: who can give no consent is told whom to ask, and what to send them", async () => {
  const consentUrl = `${api}/api/onboarding/start?tenant=c0000000-0000-4000-8000-000000000001`;
  const details = {
    connectionId: "01900000-0000-7000-8000-000000000001",
    status: "CONSENT_REQUIRED",
    reason: "consent_required",
    nextStep: "Agree again.",
    canReconnect: true,
    claims: null,
    consentUrl,
  };
  const error = { code: "CONNECTION_UNUSABLE", message: "The connection gives no token.", details };
  await page.route("**/api/sharepoint/sites?*", (route) => route.fulfill({ status: 409, json: { error } }));
  await page.route("**/api/auth/me", async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    const permissions = body.data.permissions.filter((name) => name !== "organization:manage");
    await route.fulfill({ response, json: { ...body, data: { ...body.data, permissions } } });
  });
  await page.goto(`${api}/organization/sharepoint`);
  await needed.waitFor();
  await page.getByText("Ask an administrator of your organization.").waitFor();
  await page.getByText(consentUrl).waitFor();
  assert.equal(await consent.count(), 0);
  await page.unrouteAll();
});

await check("consent: the policy refused nothing of it", () => assert.deepEqual(unexpected(complaints), []));

await context.close();
await browser.close();
done();
