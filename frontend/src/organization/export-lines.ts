/** How far an export is. */
export interface ExportProgress {
  readonly rows: number;
  /** How many there will be, as far as the first line says. */
  readonly expected: number;
  /** The last line has come; without it the export is not complete. */
  readonly isComplete: boolean;
}

/** Follows an export line by line, in whatever pieces it comes. */
export class ExportLines {
  private rest = "";
  private rows = 0;
  private expected = 0;
  private isComplete = false;

  add(piece: string): ExportProgress {
    const lines = (this.rest + piece).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.line(line);
    return { rows: this.rows, expected: this.expected, isComplete: this.isComplete };
  }

  private line(line: string): void {
    if (line.trim() === "") return;
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return;
    if ("row" in value) this.rows += 1;
    else if ("export" in value) this.expected = total(value.export);
    else if ("end" in value) this.isComplete = value.end === true;
  }
}

/** Of the first line: how many rows each table has. */
function total(head: unknown): number {
  const rows: unknown = typeof head === "object" && head !== null ? Reflect.get(head, "rows") : undefined;
  if (typeof rows !== "object" || rows === null) return 0;
  return Object.values(rows).reduce((sum: number, count: unknown) => sum + (typeof count === "number" ? count : 0), 0);
}
