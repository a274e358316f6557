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
  requestsPerMinute: "",
  role: "user",
  includeRefreshToken: false,
};

const DAY = 86_400_000;

/** The words on the lines of a text. */
function lines(text: string): string[] {
  return text.split(/[\n,;]/).map((line) => line.trim()).filter((line) => line !== "");
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
    ...(draft.requestsPerMinute.trim() === "" ? {} : { requestsPerMinute: Number(draft.requestsPerMinute) }),
  };
}

/** Whether the form can be sent off. */
export function isComplete(draft: KeyDraft): boolean {
  const rate = draft.requestsPerMinute.trim();
  return (
    draft.name.trim() !== "" &&
    (draft.ending !== "day" || /^\d{4}-\d{2}-\d{2}$/.test(draft.day)) &&
    (rate === "" || (/^\d+$/.test(rate) && Number(rate) >= 1 && Number(rate) <= 60_000))
  );
}
