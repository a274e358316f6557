import { describe, expect, it } from "vitest";

import { bearer, claimsOf, data, tenantry, TenantryError } from "../src";

const CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
const CHALLENGE =
  `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", ` +
  `client_id="a0000000-0000-4000-8000-00000000000a", error="insufficient_claims", claims="${btoa(CLAIMS)}"`;

const envelope = (code: string, details?: unknown) =>
  JSON.stringify({ error: { code, message: "why", details, requestId: "r-1" } });

/** A service that gives these answers in turn and keeps what it was asked. */
function service(...answers: (Response | Error)[]) {
  const seen: { authorization: string | null; body: string }[] = [];
  const fetch = async (request: Request) => {
    seen.push({ authorization: request.headers.get("Authorization"), body: await request.text() });
    const answer = answers.shift();
    if (answer === undefined) throw new Error("asked once too often");
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { seen, fetch };
}

const refusal = (status: number, code: string, headers: Record<string, string> = {}, details?: unknown) =>
  new Response(envelope(code, details), { status, headers: { "Content-Type": "application/json", ...headers } });
const success = () => Response.json({ data: { id: "1" } });

function client(fetch: (request: Request) => Promise<Response>, asked: (string | undefined)[] = []) {
  const credential = bearer(async (claims) => {
    asked.push(claims);
    return claims === undefined ? "plain" : "stronger";
  });
  return tenantry({ baseUrl: "https://api.example.com", credential, fetch });
}

describe("claimsOf", () => {
  it("reads the claims of a challenge", () => {
    expect(claimsOf(CHALLENGE)).toBe(CLAIMS);
  });
  it("finds the Bearer challenge among others", () => {
    expect(claimsOf(`Basic realm="a, b", ${CHALLENGE}`)).toBe(CLAIMS);
    expect(claimsOf(`${CHALLENGE}, PoP nonce="x"`)).toBe(CLAIMS);
    expect(claimsOf(`PoP error="insufficient_claims", claims="${btoa(CLAIMS)}"`)).toBeUndefined();
  });
  it("takes nothing that is not a challenge for claims", () => {
    for (const header of [
      null,
      "",
      "Bearer",
      'Bearer error="invalid_token"',
      'Bearer error="insufficient_claims"',
      'Bearer error="insufficient_claims", claims="%%%"',
      `Bearer error="insufficient_claims", claims="${btoa("not json")}"`,
      `Bearer error="insufficient_claims", claims="${btoa('"text"')}"`,
      `Bearer error="invalid_token", claims="${btoa(CLAIMS)}"`,
      'Bearer error="insufficient_claims, claims=',
    ]) {
      expect(claimsOf(header)).toBeUndefined();
    }
  });
});

describe("a call", () => {
  it("carries the token", async () => {
    const { seen, fetch } = service(success());
    await data(client(fetch).GET("/api/auth/me"));
    expect(seen.map((request) => request.authorization)).toEqual(["Bearer plain"]);
  });

  it("that is challenged is repeated once, whole, with a token that has the claims", async () => {
    const { seen, fetch } = service(refusal(401, "INTERACTION_REQUIRED", { "WWW-Authenticate": CHALLENGE }), success());
    const asked: (string | undefined)[] = [];
    await data(client(fetch, asked).POST("/api/taxonomies", { body: { name: "Topics" } }));
    expect(asked).toEqual([undefined, CLAIMS]);
    expect(seen.map((request) => request.authorization)).toEqual(["Bearer plain", "Bearer stronger"]);
    expect(seen.map((request) => request.body)).toEqual(['{"name":"Topics"}', '{"name":"Topics"}']);
  });

  it("that is challenged again fails with the service's code", async () => {
    const challenge = () => refusal(401, "INTERACTION_REQUIRED", { "WWW-Authenticate": CHALLENGE });
    const { seen, fetch } = service(challenge(), challenge());
    await expect(data(client(fetch).GET("/api/auth/me"))).rejects.toMatchObject({ code: "INTERACTION_REQUIRED" });
    expect(seen).toHaveLength(2);
  });

  it("that is refused without a challenge is not repeated", async () => {
    const { seen, fetch } = service(refusal(401, "UNAUTHORIZED", { "WWW-Authenticate": 'Bearer error="invalid_token"' }));
    await expect(data(client(fetch).GET("/api/auth/me"))).rejects.toMatchObject({ code: "UNAUTHORIZED", status: 401 });
    expect(seen).toHaveLength(1);
  });

  it("that fails throws what the envelope says", async () => {
    const details = { name: ["must not be empty"], odd: "text" };
    const headers = { "X-Request-Id": "r-2", "Retry-After": "7" };
    const { fetch } = service(refusal(400, "VALIDATION_FAILED", headers, details));
    const error = await data(client(fetch).GET("/api/auth/me")).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TenantryError);
    expect(error).toMatchObject({ message: "why", requestId: "r-2", retryAfter: 7, details });
    expect((error as TenantryError).fields).toEqual({ name: ["must not be empty"], odd: [] });
  });

  it("that a proxy refuses says so", async () => {
    const { fetch } = service(new Response("<html>", { status: 502, headers: { "Content-Type": "text/html" } }));
    await expect(data(client(fetch).GET("/api/auth/me"))).rejects.toMatchObject({ code: "UNEXPECTED", status: 502 });
  });

  it("that nobody answers is a network failure", async () => {
    const { fetch } = service(new TypeError("Failed to fetch"));
    await expect(data(client(fetch).GET("/api/auth/me"))).rejects.toMatchObject({ code: "NETWORK", status: 0 });
  });
});
