/** What a program says of itself, in few words. */
export interface Agent {
  /** `Chrome`, `curl`. */
  readonly program: string;
  /** `Windows`, where it says so. */
  readonly system?: string;
}

// In this order: most browsers claim to be those that are below them, too.
const PROGRAMS: readonly (readonly [RegExp, string])[] = [
  [/Edg(e|A|iOS)?\//, "Edge"],
  [/OPR\//, "Opera"],
  [/SamsungBrowser\//, "Samsung Internet"],
  [/(Firefox|FxiOS)\//, "Firefox"],
  [/(Headless)?(Chrome|CriOS)\//, "Chrome"],
  [/Version\/.*Safari\//, "Safari"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/iPhone|iPad/, "iOS"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X|Macintosh/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

/** Reads a `User-Agent` (RFC 9110 §10.1.5) for a person. `undefined` where it says nothing. */
export function agentOf(header: string | null): Agent | undefined {
  const text = header?.trim() ?? "";
  const first = (list: typeof PROGRAMS) => list.find(([pattern]) => pattern.test(text))?.[1];
  // Of other programs, the first word without its version.
  const program = first(PROGRAMS) ?? /^[^/\s]+/.exec(text)?.[0];
  if (program === undefined) return undefined;
  const system = first(SYSTEMS);
  return system === undefined ? { program } : { program, system };
}
