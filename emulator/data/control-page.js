"use strict";
const control = "/emulator/control";
const byId = (id) => document.getElementById(id);

async function ask(method, path, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(control + path, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

// An empty field is a member left out.
function members(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.value === "") continue;
    if (field.type === "checkbox") body[field.name] = field.checked;
    else body[field.name] = field.type === "number" ? Number(field.value) : field.value;
  }
  return body;
}

async function change(method, path, body) {
  try {
    await ask(method, path, body);
    byId("said").textContent = `Done: ${method} ${path}`;
    await show();
  } catch (error) {
    byId("said").textContent = `Not done: ${error.message}`;
  }
}

function button(text, path, body) {
  const button = document.createElement("button");
  button.textContent = text;
  button.addEventListener("click", () => change("POST", path, body));
  return button;
}

function row(user) {
  const row = document.createElement("tr");
  const name = document.createElement("th");
  name.scope = "row";
  name.textContent = user.upn;
  const path = `/users/${user.id}`;
  const at = { tenant: user.tenant };
  const cells = [
    [user.tenantName],
    [
      button(user.enabled ? "Disable" : "Enable", path, { ...at, enabled: !user.enabled }),
      button(user.mfaRequired ? "No second factor" : "Second factor", path, { ...at, mfaRequired: !user.mfaRequired }),
      button("Revoke sessions", path, { ...at, revoke: "sessions" }),
    ],
  ];
  const filled = cells.map((content) => {
    const cell = document.createElement("td");
    cell.append(...content);
    return cell;
  });
  row.append(name, ...filled);
  return row;
}

function list(id, things) {
  byId(id).replaceChildren(
    ...(things.length ? things : ["None."]).map((thing) => {
      const item = document.createElement("li");
      item.textContent = typeof thing === "string" ? thing : JSON.stringify(thing);
      return item;
    }),
  );
}

async function show() {
  const [clock, faults, policies, users] = await Promise.all(
    ["/clock", "/faults", "/policies", "/users"].map((path) => ask("GET", path)),
  );
  byId("now").textContent = clock.now;
  list("faults", faults);
  list("policies", policies);
  byId("users").replaceChildren(...users.map(row));
}

for (const form of document.querySelectorAll("form[data-path]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    change("POST", form.dataset.path, members(form));
  });
}
for (const button of document.querySelectorAll("button[data-method]")) {
  button.addEventListener("click", () => change(button.dataset.method, button.dataset.path));
}
show();
