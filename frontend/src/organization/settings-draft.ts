import type { Organization } from "./queries";

/** What stands in the form. */
export interface SettingsDraft {
  readonly name: string;
  /** Empty for none. */
  readonly defaultTaxonomyId: string;
  /** JSON, as it is typed. */
  readonly config: string;
}

export function draftOf({ name, settings }: Organization): SettingsDraft {
  const isEmpty = settings.config == null || Object.keys(settings.config as object).length === 0;
  return {
    name,
    defaultTaxonomyId: settings.defaultTaxonomyId ?? "",
    config: isEmpty ? "" : JSON.stringify(settings.config, null, 2),
  };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it is a JSON object, or nothing. */
export const isConfig = (text: string): boolean => text.trim() === "" || parsed(text) !== undefined;

/** The object; `null`, which empties it, for nothing. */
export const configOf = (text: string): Record<string, unknown> | null => parsed(text) ?? null;
