import { describe, expect, it } from "vitest";

import { data, session, tenantry } from "../src";

const baseUrl = "https://app.example.com";

/** A service whose access token has run out until it is refreshed; it keeps what it was asked. */
function service({ refreshes = true } = {}) {
  const seen: string[] = [];
  let fresh = false;
  const fetch = async (request: Request) => {
    const path = new URL(request.url).pathname;
    seen.push(`${request.method} ${path} ${request.headers.get("X-CSRF-Token") ?? "-"} ${request.credentials}`);
    await Promise.resolve();
    if (path === "/api/auth/refresh") {
      fresh = refreshes;
      return new Response(null, { status: refreshes ? 204 : 401 });
    }
    const error = { code: "UNAUTHORIZED", message: "Invalid or expired access token", requestId: "r" };
    return fresh ? Response.json({ data: { id: "1" } }) : Response.json({ error }, { status: 401 });
  };
  const cookies = () => "theme=dark; __Host-csrf-token=a%2Bb";
  return { seen, api: tenantry({ baseUrl, credential: session({ baseUrl, cookies, fetch }), fetch }) };
}

describe("a session", () => {
  it("is renewed once for all requests that find it run out, and they are repeated", async () => {
    const { seen, api } = service();
    await Promise.all([data(api.GET("/api/auth/me")), data(api.GET("/api/auth/organization"))]);
    expect(seen.filter((line) => line.includes("refresh"))).toEqual(["POST /api/auth/refresh a+b include"]);
    expect(seen).toHaveLength(5);
  });

  it("that cannot be renewed fails with the first refusal", async () => {
    const { seen, api } = service({ refreshes: false });
    await expect(data(api.GET("/api/auth/me"))).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect(seen).toEqual(["GET /api/auth/me - include", "POST /api/auth/refresh a+b include"]);
  });

  it("proves with each change, and only with changes, that its own page asks", async () => {
    const { seen, api } = service();
    await data(api.POST("/api/taxonomies", { body: { name: "Topics" } }));
    expect(seen.at(-1)).toBe("POST /api/taxonomies a+b include");
  });
});
