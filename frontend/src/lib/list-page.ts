/** What every list of the API answers. */
export interface ListPage<Row> {
  readonly data: readonly Row[];
  readonly nextCursor?: string | null;
}

/** The parameter of the page that a cursor leads to. */
export function at(cursor: string | undefined): { cursor?: string } {
  return cursor === undefined ? {} : { cursor };
}

/** Every row of a list, page after page. For lists that are short by nature. */
export async function everyRow<Row>(page: (cursor: string | undefined) => Promise<ListPage<Row>>): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const { data, nextCursor } = await page(cursor);
    rows.push(...data);
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
  return rows;
}
