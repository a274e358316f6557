/** What the address of a list of operators says. */
export interface OperatorSearch {
  /** A part of the name or of the domain, or a whole id. */
  readonly q?: string;
  /** From 1, which is not said. */
  readonly page?: number;
}

export function operatorSearch(search: Record<string, unknown>): OperatorSearch {
  const { q, page } = search;
  return {
    // The router reads what looks like a number or a truth as one.
    ...(typeof q === "string" || typeof q === "number" || typeof q === "boolean" ? (String(q) === "" ? {} : { q: String(q) }) : {}),
    ...(typeof page === "number" && Number.isInteger(page) && page > 1 ? { page } : {}),
  };
}
