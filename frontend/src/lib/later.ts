interface Entry {
  readonly work: () => Promise<unknown>;
  /** Absent once it is being done. */
  readonly timer?: ReturnType<typeof setTimeout>;
}

/** What can still be taken back: it is done after a while, or at once when the page is left. */
export class Later {
  private readonly entries = new Map<string, Entry>();
  private readonly listeners = new Set<() => void>();
  private keys: ReadonlySet<string> = new Set();

  /** Does the work in `delay` milliseconds. Its key is kept until the work is done, whatever comes of it. */
  start(key: string, delay: number, work: () => Promise<unknown>): void {
    this.takeBack(key);
    this.keep(key, { work, timer: setTimeout(() => this.begin(key), delay) });
  }

  /** Whether there was still time. */
  takeBack(key: string): boolean {
    const timer = this.entries.get(key)?.timer;
    if (timer === undefined) return false;
    clearTimeout(timer);
    this.drop(key);
    return true;
  }

  /** Begins at once with all that waits. */
  flush(): void {
    for (const key of [...this.entries.keys()]) this.begin(key);
  }

  /** The keys of what is not done; another set after each change. */
  readonly snapshot = (): ReadonlySet<string> => this.keys;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private begin(key: string): void {
    const entry = this.entries.get(key);
    if (entry?.timer === undefined) return;
    clearTimeout(entry.timer);
    this.keep(key, { work: entry.work });
    const done = () => this.drop(key);
    entry.work().then(done, done);
  }

  private keep(key: string, entry: Entry): void {
    this.entries.set(key, entry);
    this.changed();
  }

  private drop(key: string): void {
    this.entries.delete(key);
    this.changed();
  }

  private changed(): void {
    this.keys = new Set(this.entries.keys());
    for (const listener of this.listeners) listener();
  }
}
