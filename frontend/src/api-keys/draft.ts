import type { NewApiKey } from "./key";

/** When a key ends: after so many days, on a day, or never. */
export type Ending = "never" | "30" | "90" | "365" | "day";

/** What stands in the form. */
export interface KeyDraft {
  readonly name: string;
  readonly serviceId: string;
  readonly scopes: readonly string[];
  readonly ending: Ending;
  /** `2026-12-31`, for the ending on a day. */
  readonly day: string;
  readonly allowedIps: string;
  readonly allowedResources: string;
  readonly allowedUserIds: readonly string[];
  readonly allowedConnections: readonly string[];
  /** A rule on each line: `GET POST /graph/v1.0/me/**`. */
  readonly proxyRules: string;
  /** A JSON Web Key. */
  readonly jwePublicKey: string;
  readonly requestsPerMinute: string;
  readonly role: "user" | "admin";
  readonly includeRefreshToken: boolean;
}

export const BLANK: KeyDraft = {
  name: "",
  serviceId: "",
  scopes: [],
  ending: "90",
  day: "",
  allowedIps: "",
  allowedResources: "",
  allowedUserIds: [],
  allowedConnections: [],
  proxyRules: "",
  jwePublicKey: "",
  requestsPerMinute: "",
  role: "user",
  includeRefreshToken: false,
};

const DAY = 86_400_000;

/** The words on the lines of a text. */
function lines(text: string): string[] {
  return text.split(/[\n,;]/).map((line) => line.trim()).filter((line) => line !== "");
}

type Rule = NonNullable<NewApiKey["proxyRules"]>[number];
type PublicKey = NonNullable<NewApiKey["jwePublicKey"]>;

const METHODS = ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"] as const satisfies readonly Rule["methods"][number][];

/** The rules on the lines of a text; `undefined` when one of them cannot be read. */
export function rulesOf(text: string): Rule[] | undefined {
  const rules: Rule[] = [];
  for (const line of text.split("\n").map((each) => each.trim()).filter((each) => each !== "")) {
    const words = line.split(/[\s,]+/);
    const path = words.pop() ?? "";
    const methods = words.map((word) => METHODS.find((method) => method === word.toUpperCase()));
    if (!path.startsWith("/") || methods.length === 0 || methods.includes(undefined)) return undefined;
    rules.push({ methods: methods.filter((method) => method !== undefined), path });
  }
  return rules;
}

/** The key in a text, `null` for none; `undefined` when it is no JSON Web Key. The service looks at the rest of it. */
export function publicKeyOf(text: string): PublicKey | null | undefined {
  if (text.trim() === "") return null;
  try {
    const key: unknown = JSON.parse(text);
    return isPublicKey(key) ? key : undefined;
  } catch {
    return undefined;
  }
}

function isPublicKey(key: unknown): key is PublicKey {
  return typeof key === "object" && key !== null && "kty" in key && (key.kty === "EC" || key.kty === "RSA");
}

function endOf({ ending, day }: KeyDraft, now: number): string | undefined {
  if (ending === "never") return undefined;
  if (ending !== "day") return new Date(now + Number(ending) * DAY).toISOString();
  // The day that was chosen is the last one, where the person is.
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + 1).toISOString();
}

/** The form as the API takes it: what is empty is absent, and then does not limit. */
export function bodyOf(draft: KeyDraft, now: number): NewApiKey {
  const serviceId = draft.serviceId.trim();
  const allowedIps = lines(draft.allowedIps);
  const allowedResources = lines(draft.allowedResources);
  const expiresAt = endOf(draft, now);
  const proxyRules = rulesOf(draft.proxyRules) ?? [];
  const jwePublicKey = publicKeyOf(draft.jwePublicKey) ?? null;
  return {
    name: draft.name.trim(),
    scopes: [...draft.scopes],
    role: draft.role,
    includeRefreshToken: draft.includeRefreshToken,
    ...(serviceId === "" ? {} : { serviceId }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(allowedIps.length === 0 ? {} : { allowedIps }),
    ...(allowedResources.length === 0 ? {} : { allowedResources }),
    ...(draft.allowedUserIds.length === 0 ? {} : { allowedUserIds: [...draft.allowedUserIds] }),
    ...(draft.allowedConnections.length === 0 ? {} : { allowedConnections: [...draft.allowedConnections] }),
    ...(proxyRules.length === 0 ? {} : { proxyRules }),
    ...(jwePublicKey === null ? {} : { jwePublicKey }),
    ...(draft.requestsPerMinute.trim() === "" ? {} : { requestsPerMinute: Number(draft.requestsPerMinute) }),
  };
}

/** Whether the form can be sent off. */
export function isComplete(draft: KeyDraft): boolean {
  const rate = draft.requestsPerMinute.trim();
  return (
    draft.name.trim() !== "" &&
    rulesOf(draft.proxyRules) !== undefined &&
    publicKeyOf(draft.jwePublicKey) !== undefined &&
    (draft.ending !== "day" || /^\d{4}-\d{2}-\d{2}$/.test(draft.day)) &&
    (rate === "" || (/^\d+$/.test(rate) && Number(rate) >= 1 && Number(rate) <= 60_000))
  );
}
