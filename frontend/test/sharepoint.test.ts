import { TenantryError } from "@tenantry/client";
import { describe, expect, it } from "vitest";

import { obstacleOf } from "../src/sharepoint/obstacle";
import { sharePointSearch } from "../src/sharepoint/search";
import { folderWay, siteNameOf } from "../src/sharepoint/way";

type Item = Awaited<ReturnType<typeof folderWay>>[number];

const folder = (id: string, parentId: string | null): Item => ({
  id,
  parentId,
  name: id,
  type: "folder",
  childCount: 0,
  createdAt: null,
  driveId: "d",
  lastModifiedAt: null,
  mimeType: null,
  path: null,
  size: null,
  webUrl: null,
});

describe("the way to a folder", () => {
  const drive = new Map([folder("root", null), folder("a", "root"), folder("b", "a")].map((item) => [item.id, item]));
  const item = async (id: string): Promise<Item> => drive.get(id) ?? folder(id, id);

  it("goes from below the root to the folder", async () => {
    expect((await folderWay("b", item)).map(({ id }) => id)).toEqual(["a", "b"]);
    expect(await folderWay("root", item)).toEqual([]);
  });

  it("ends even where folders are each other's parents", async () => {
    expect((await folderWay("loop", item)).length).toBeLessThan(100);
  });
});

it("a site is called by the name in its address, or by its host", () => {
  expect(siteNameOf("https://contoso.sharepoint.com/sites/brand%20new/Shared%20Documents")).toBe("brand new");
  expect(siteNameOf("https://contoso.sharepoint.com/Shared%20Documents")).toBe("contoso");
  expect(siteNameOf("nonsense")).toBeUndefined();
  expect(siteNameOf(null)).toBeUndefined();
});

describe("what stands in the way of Microsoft 365", () => {
  const refusal = (code: ConstructorParameters<typeof TenantryError>[0]["code"], details?: unknown) =>
    obstacleOf(new TenantryError({ code, message: "", details }));

  it("is a matter of the sign-in, of consent, or of something else", () => {
    expect(refusal("FORBIDDEN")).toEqual({ kind: "other" });
    expect(refusal("CONNECTION_REQUIRED", { connectUrl: "/x" })).toEqual({ kind: "connect" });
    expect(refusal("INTERACTION_REQUIRED", { claims: "{}", scopes: [] })).toEqual({ kind: "sign-in", claims: "{}" });
    expect(refusal("INTERACTION_REQUIRED")).toEqual({ kind: "sign-in" });
    expect(refusal("CONSENT_REQUIRED", { consentUrl: "https://c" })).toEqual({ kind: "consent", consentUrl: "https://c" });
    expect(refusal("UPSTREAM_ERROR")).toEqual({ kind: "other" });
    expect(obstacleOf(new Error("x"))).toEqual({ kind: "other" });
  });

  it("is a broken connection, with what mends it", () => {
    const details = { connectionId: "c", status: "REAUTH_REQUIRED", reason: "revoked", nextStep: "Sign in.", canReconnect: true, claims: null };
    const broken = { kind: "broken", connection: "c", reason: "revoked", step: "Sign in.", mends: true };
    expect(refusal("CONNECTION_UNUSABLE", details)).toEqual(broken);
    expect(refusal("CONNECTION_UNUSABLE", { ...details, claims: "{}" })).toEqual({ ...broken, claims: "{}" });
    expect(refusal("CONNECTION_UNUSABLE", { ...details, canReconnect: false })).toEqual({ ...broken, mends: false });
    expect(refusal("CONNECTION_UNUSABLE", { ...details, consentUrl: "https://c" })).toEqual({ ...broken, consentUrl: "https://c" });
    expect(refusal("CONNECTION_UNUSABLE", { status: "CONFIG_ERROR" })).toEqual({ kind: "other" });
  });
});

it("an address says where one is; what is no text is left out", () => {
  expect(sharePointSearch({ site: "s", drive: 7, folder: "", q: "plan", other: "x" })).toEqual({ site: "s", q: "plan" });
});
