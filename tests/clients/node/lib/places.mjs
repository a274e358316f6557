// Where everything is, and the ids of the emulator's directory.

function needed(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: start this by tests/clients/run`);
  return value;
}

export const entra = needed("ENTRA");
export const control = `${needed("ENTRA_HTTP")}/emulator/control`;
export const api = needed("API");
export const keys = needed("CLIENT_KEYS");

export const contoso = "c0000000-0000-4000-8000-000000000001";
export const alex = "c0000000-0000-4000-8000-000000000102";
export const web = "a0000000-0000-4000-8000-00000000000a";
export const spa = "a0000000-0000-4000-8000-00000000000b";
export const cli = "a0000000-0000-4000-8000-00000000000c";
export const stranger = "a0000000-0000-4000-8000-0000000000ff";
export const secret = "emulator-secret";
export const scope = `api://${web}/access_as_user`;
export const callback = "http://localhost:4000/api/oauth/microsoft/callback";

/** Asks the emulator's control API. */
export async function ask(path, body, method = "POST") {
  const response = await fetch(`${control}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: method === "POST" ? JSON.stringify(body) : undefined,
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** How the API answers to a token. */
export async function whoami(token) {
  const response = await fetch(`${api}/api/auth/me`, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, text: await response.text() };
}

/** The claims of a token. */
export function claims(token) {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
}
