/**
 * The claims of a claims challenge: what a `WWW-Authenticate` header with `error="insufficient_claims"` asks for, as
 * JSON. `undefined` for any other header.
 *
 * The challenge is of the scheme `Bearer` (RFC 6750 §3) with the parameters of "Claims challenges, claims requests,
 * and client capabilities" (Microsoft identity platform): `claims` is standard base64 of UTF-8 JSON.
 */
export function claimsOf(header: string | null): string | undefined {
  if (header === null) return undefined;
  const parameters = bearerParameters(header);
  if (parameters.get("error") !== "insufficient_claims") return undefined;
  const encoded = parameters.get("claims");
  if (encoded === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    const claims = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const parsed: unknown = JSON.parse(claims);
    return typeof parsed === "object" && parsed !== null ? claims : undefined;
  } catch {
    // Not base64, not UTF-8 or not JSON: nothing that could be passed on.
    return undefined;
  }
}

const PARAMETER = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/y;
const SCHEME = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const BETWEEN = /[\s,]*/y;

/** The parameters of the `Bearer` challenge in a header that may hold challenges of several schemes. */
function bearerParameters(header: string): Map<string, string> {
  const parameters = new Map<string, string>();
  let scheme = "";
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    if (found) at = pattern.lastIndex;
    return found;
  };
  while (at < header.length) {
    take(BETWEEN);
    const parameter = take(PARAMETER);
    if (parameter) {
      const [, name = "", quoted, plain = ""] = parameter;
      if (scheme === "bearer") {
        parameters.set(name.toLowerCase(), quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1"));
      }
      continue;
    }
    const word = take(SCHEME);
    if (!word) break;
    scheme = word[0].toLowerCase();
  }
  return parameters;
}
