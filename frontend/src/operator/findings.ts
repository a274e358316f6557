import type { Finding } from "./queries";

const URGENCY = { error: 0, warning: 1, ok: 2 } as const satisfies Record<Finding["state"], number>;

/** What somebody has to look at first; what is alike stays in its order. */
export function byUrgency(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((one, other) => URGENCY[one.state] - URGENCY[other.state]);
}

/** How the whole is. */
export function worst(findings: readonly Finding[]): Finding["state"] {
  return byUrgency(findings)[0]?.state ?? "ok";
}
