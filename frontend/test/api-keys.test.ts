import { describe, expect, it } from "vitest";

import { BLANK, bodyOf, isComplete, publicKeyOf, rulesOf } from "../src/api-keys/draft";
import { scopesToGive, stateOf } from "../src/api-keys/key";
import { firstPath, snippet } from "../src/lib/snippet";

const NOW = Date.parse("2026-01-05T09:00:00Z");

describe("the form of a key", () => {
  it("leaves out what is empty, so that it does not limit", () => {
    expect(bodyOf({ ...BLANK, name: " nightly ", ending: "never" }, NOW)).toEqual({
      name: "nightly",
      scopes: [],
      role: "user",
      includeRefreshToken: false,
    });
  });

  it("takes lists as people write them, and an end after days", () => {
    const draft = { ...BLANK, name: "n", allowedIps: " 203.0.113.0/24\n\n2001:db8::1, 10.0.0.1", requestsPerMinute: "60" };
    expect(bodyOf(draft, NOW)).toMatchObject({
      allowedIps: ["203.0.113.0/24", "2001:db8::1", "10.0.0.1"],
      requestsPerMinute: 60,
      expiresAt: "2026-04-05T09:00:00.000Z",
    });
  });

  it("lets the chosen day be the last one", () => {
    const { expiresAt } = bodyOf({ ...BLANK, name: "n", ending: "day", day: "2026-12-31" }, NOW);
    expect(new Date(expiresAt ?? 0).toLocaleDateString("en-CA")).toBe("2027-01-01");
  });

  it("is complete with a name, a day that is one, and a number in bounds", () => {
    const named = { ...BLANK, name: "n" };
    expect(isComplete(BLANK)).toBe(false);
    expect(isComplete(named)).toBe(true);
    expect(isComplete({ ...named, ending: "day" })).toBe(false);
    expect(["0", "60001", "-1", "1.5", "x"].map((requestsPerMinute) => isComplete({ ...named, requestsPerMinute }))).not.toContain(true);
  });
});

it("rules are read line by line, and a line that is none is told", () => {
  expect(rulesOf("get, POST /graph/v1.0/me/**\n\n DELETE /sharepoint/x")).toEqual([
    { methods: ["GET", "POST"], path: "/graph/v1.0/me/**" },
    { methods: ["DELETE"], path: "/sharepoint/x" },
  ]);
  expect(rulesOf("")).toEqual([]);
  expect(["/graph/x", "FETCH /graph/x", "GET graph/x", "GET"].map(rulesOf)).toEqual([undefined, undefined, undefined, undefined]);
});

it("a public key is a JSON Web Key or nothing", () => {
  expect(publicKeyOf(" ")).toBeNull();
  expect(publicKeyOf('{"kty":"RSA","n":"x","e":"AQAB"}')).toEqual({ kty: "RSA", n: "x", e: "AQAB" });
  expect(['{"kty":"oct"}', "[]", "x", "null"].map(publicKeyOf)).toEqual([undefined, undefined, undefined, undefined]);
});

it("a key may be given what its maker may do, but not the making of keys", () => {
  expect(scopesToGive(["annotations:read", "api-keys:own", "api-keys:manage"])).toEqual(["annotations:read"]);
});

it("a key works until it is revoked or ends", () => {
  const ends = (expiresAt: string | null, isActive = true) => stateOf({ isActive, expiresAt }, NOW);
  expect([ends(null), ends("2026-01-05T09:00:01Z"), ends("2026-01-05T09:00:00Z"), ends(null, false)]).toEqual([
    "active",
    "active",
    "expired",
    "revoked",
  ]);
});

describe("a snippet", () => {
  const call = { origin: "https://t.example", key: "ak_1'2", path: "/api/me" };

  it("calls what the key may", () => {
    expect(firstPath([])).toBe("/api/auth/me");
    expect(firstPath(["taxonomies:read", "annotations:read"])).toBe("/api/annotations");
    expect(firstPath(["tokens:read"], "c1")).toBe("/api/connections/c1/token?resource=graph");
    expect(firstPath(["tokens:read"])).toBe("/api/auth/me");
  });

  it("is safe to paste, whatever is in it", () => {
    expect(snippet("curl", call)).toBe("curl 'https://t.example/api/me' \\\n  -H 'X-Api-Key: ak_1'\\''2'");
    expect(JSON.parse(snippet("n8n", call)).nodes[0].parameters.headerParameters.parameters).toEqual([
      { name: "X-Api-Key", value: "ak_1'2" },
    ]);
    expect(snippet("typescript", call)).toContain('fetch("https://t.example/api/me"');
  });
});
