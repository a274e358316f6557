/** How many rows are on a page. */
export const PAGE_SIZE = 25;

/** How many rows are before a page, which counts from 1. */
export const offsetOf = (page: number): number => (page - 1) * PAGE_SIZE;

/** The first and the last row of a page, from 1, and whether there are pages before and after it. */
export function pageOf(page: number, shown: number, total: number) {
  const before = offsetOf(page);
  return { first: before + 1, last: before + shown, hasPrevious: page > 1, hasNext: before + shown < total };
}
