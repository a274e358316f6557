import type { Credential } from "./credential";

interface SessionOptions {
  /** Where the service is; the page's own origin unless given. */
  readonly baseUrl?: string;
  /** The page's cookies, as `document.cookie` has them. */
  readonly cookies?: () => string;
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** Methods that change nothing, so that no other site gains by having them sent (RFC 9110 §9.2.1). */
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * The session of somebody who has signed in to the service itself: cookies that no script can read. Requests that
 * change something carry the value of the `csrf-token` cookie, and an access token that has run out is renewed, once
 * for all requests that find it so.
 */
export function session({
  baseUrl = globalThis.location.origin,
  cookies = () => globalThis.document.cookie,
  fetch = (request) => globalThis.fetch(request),
}: SessionOptions = {}): Credential {
  let renewing: Promise<boolean> | undefined;
  const prove = (request: Request): Request => {
    const headers = new Headers(request.headers);
    const value = csrf(cookies());
    if (!SAFE.has(request.method) && value !== undefined) headers.set("X-CSRF-Token", value);
    return new Request(request, { headers, credentials: "include" });
  };
  const refresh = async (): Promise<boolean> => {
    const request = prove(new Request(`${baseUrl}/api/auth/refresh`, { method: "POST" }));
    return (await fetch(request).catch(() => undefined))?.ok ?? false;
  };
  return {
    apply: async (request) => prove(request),
    async renew() {
      renewing ??= refresh().finally(() => (renewing = undefined));
      return renewing;
    },
  };
}

/** The value of the cookie, with whatever prefix the deployment gives its name (RFC 6265bis, "Cookie Name Prefixes"). */
function csrf(cookies: string): string | undefined {
  for (const pair of cookies.split(";")) {
    const [name = "", value = ""] = pair.trim().split("=", 2);
    if (name.replace(/^__(Host|Secure)-/, "") === "csrf-token") return decodeURIComponent(value);
  }
  return undefined;
}
