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

/** Several findings can have one name: each is known by its name and its place among those. */
export function keyed(findings: readonly Finding[]): readonly (readonly [string, Finding])[] {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const place = seen.get(finding.name) ?? 0;
    seen.set(finding.name, place + 1);
    return [`${finding.name} ${String(place)}`, finding] as const;
  });
}
