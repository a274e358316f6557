import { TenantryError } from "@tenantry/client";

/** The reasons that the service gave against each field, to stand beside it. */
export type FieldErrors = (field: string) => string | undefined;

/**
 * Sorts the reasons of a refusal to the fields of a form. What is said of a part of a field (`allowedIps.0`) is said of
 * the field.
 */
export class Reasons {
  private readonly asked = new Set<string>();
  private readonly entries: readonly (readonly [name: string, reasons: readonly string[]])[];

  constructor(private readonly error: unknown) {
    this.entries = error instanceof TenantryError ? Object.entries(error.fields) : [];
  }

  /** The reasons against one field of the form. */
  readonly of: FieldErrors = (field) => {
    this.asked.add(field);
    const found = this.entries.filter(([name]) => concerns(name, field)).flatMap(([, reasons]) => reasons);
    return found.length === 0 ? undefined : found.join(" ");
  };

  /** Whether something is wrong that stands beside none of the fields that were asked about. */
  get isElsewhere(): boolean {
    if (this.error === undefined || this.error === null) return false;
    const isBeside = ([name]: readonly [string, unknown]) => [...this.asked].some((field) => concerns(name, field));
    return this.entries.length === 0 || !this.entries.every(isBeside);
  }
}

const concerns = (name: string, field: string) => name === field || name.startsWith(`${field}.`);
