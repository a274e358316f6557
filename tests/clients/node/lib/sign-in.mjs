// Somebody who fills in the emulator's pages, as a browser without scripts would send them.

import { entra } from "./places.mjs";

const unescaped = (text) =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");

function hidden(html) {
  const fields = new URLSearchParams();
  for (const [, name, value] of html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
    fields.set(name, unescaped(value));
  }
  return fields;
}

/** What a person does on each page. */
function filled(fields, user, given) {
  switch (fields.get("step")) {
    case "account":
      fields.set("username", user);
      break;
    case "password":
      fields.set("password", "emulator");
      break;
    case "mfa":
      fields.set("code", "123456");
      break;
    case "consent":
      fields.set("consent", "accept");
      break;
    case "device":
      fields.set("user_code", given.userCode);
      break;
    default:
      throw new Error(`no step in ${fields}`);
  }
  return fields;
}

/** Goes from page to page; gives the address of the client that is led back to, or the last page. */
export async function signIn(url, user, given = {}) {
  let cookie = "";
  let request = [url, {}];
  for (let step = 0; step < 10; step += 1) {
    const [to, options] = request;
    const response = await fetch(to, { ...options, redirect: "manual", headers: { ...options.headers, cookie } });
    cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
    if (response.status === 302) return response.headers.get("location");
    const html = await response.text();
    if (!html.includes("<form")) return html;
    if (response.status !== 200) throw new Error(`${response.status}: ${html}`);
    request = [`${entra}/emulator/sign-in`, { method: "POST", body: filled(hidden(html), user, given) }];
  }
  throw new Error("the sign-in does not end");
}
