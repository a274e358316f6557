import type { components } from "@tenantry/client";

import type { Translation } from "../text/en";

export type Connection = components["schemas"]["Connection"];
export type Status = Connection["status"];
type Words = Translation["connections"];

/** How a status is shown: as good, as something to do, or as broken. */
export function colorOf(status: Status): "success" | "warning" | "danger" {
  switch (status) {
    case "ACTIVE":
      return "success";
    case "EXPIRING":
    case "CONFIG_ERROR":
      return "warning";
    case "REAUTH_REQUIRED":
    case "CONSENT_REQUIRED":
    case "BLOCKED":
    case "REVOKED":
    case "DISABLED":
      return "danger";
  }
}

/** What to do next, in the person's language; in the service's words where it knows more than we do. */
export function stepOf({ reason, nextStep, status }: Pick<Connection, "reason" | "nextStep" | "status">, words: Words): string | null {
  const steps: Readonly<Record<string, string>> = words.steps;
  const key = reason ?? (status === "EXPIRING" ? "expiring" : "");
  return steps[key] ?? nextStep;
}

/** What a person calls the account. */
export function nameOf({ displayName, email }: Pick<Connection, "displayName" | "email">, unnamed: string): string {
  return displayName ?? email ?? unnamed;
}

/** The domain of an address, where it is known: under which organization the account is. */
export function domainOf(email: string | null): string | undefined {
  return email?.split("@")[1];
}

