import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Later } from "../src/lib/later";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("later", () => {
  it("does the work after its time, and knows the key until the work is done", async () => {
    const later = new Later();
    let finish = () => {};
    const work = vi.fn(() => new Promise<void>((done) => (finish = done)));
    later.start("a", 1_000, work);
    vi.advanceTimersByTime(999);
    expect(work).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(work).toHaveBeenCalledOnce();
    expect([...later.snapshot()]).toEqual(["a"]);
    finish();
    await vi.runAllTimersAsync();
    expect([...later.snapshot()]).toEqual([]);
  });

  it("is taken back in time, and not when it is too late", () => {
    const later = new Later();
    const work = vi.fn(() => new Promise<void>(() => {}));
    later.start("a", 1_000, work);
    expect(later.takeBack("a")).toBe(true);
    vi.advanceTimersByTime(2_000);
    expect(work).not.toHaveBeenCalled();
    later.start("a", 1_000, work);
    vi.advanceTimersByTime(1_000);
    expect(later.takeBack("a")).toBe(false);
    expect(work).toHaveBeenCalledOnce();
  });

  it("does everything at once when the page is left, each thing once", () => {
    const later = new Later();
    const work = vi.fn(async () => {});
    later.start("a", 1_000, work);
    later.start("b", 1_000, work);
    later.flush();
    later.flush();
    vi.advanceTimersByTime(2_000);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it("forgets the key of work that failed, and tells those who listen", async () => {
    const later = new Later();
    const listener = vi.fn();
    const leave = later.subscribe(listener);
    later.start("a", 0, () => Promise.reject(new Error("refused")));
    await vi.runAllTimersAsync();
    expect([...later.snapshot()]).toEqual([]);
    const told = listener.mock.calls.length;
    expect(told).toBeGreaterThan(1);
    leave();
    later.start("b", 0, async () => {});
    expect(listener).toHaveBeenCalledTimes(told);
  });
});
