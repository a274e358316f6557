import { describe, expect, it } from "vitest";

import { offsetOf, PAGE_SIZE, pageOf } from "../src/lib/pages";
import { byUrgency, keyed, worst } from "../src/operator/findings";
import { BLANK, bodyOf, isComplete, isDays, isTenant } from "../src/operator/invitation-draft";
import { canComeBack } from "../src/operator/restorable";
import { operatorSearch } from "../src/operator/search";
import type { Finding } from "../src/operator/queries";

describe("the address of a list", () => {
  it("says what is looked for and on which page, and nothing that cannot be meant", () => {
    expect(operatorSearch({ q: "conto", page: 3, other: 1 })).toEqual({ q: "conto", page: 3 });
    expect(operatorSearch({ q: "", page: 1 })).toEqual({});
    for (const page of [0, -2, 1.5, "2", null]) expect(operatorSearch({ page })).toEqual({});
  });

  it("finds words that look like something else", () => {
    expect(operatorSearch({ q: 365 })).toEqual({ q: "365" });
    expect(operatorSearch({ q: true })).toEqual({ q: "true" });
  });
});

describe("pages", () => {
  it("begin after those before them", () => {
    expect(offsetOf(1)).toBe(0);
    expect(offsetOf(3)).toBe(2 * PAGE_SIZE);
  });

  it("know where they are, and their neighbors", () => {
    expect(pageOf(1, PAGE_SIZE, PAGE_SIZE)).toEqual({ first: 1, last: PAGE_SIZE, hasPrevious: false, hasNext: false });
    expect(pageOf(1, PAGE_SIZE, PAGE_SIZE + 1)).toMatchObject({ hasPrevious: false, hasNext: true });
    expect(pageOf(2, 1, PAGE_SIZE + 1)).toEqual({ first: PAGE_SIZE + 1, last: PAGE_SIZE + 1, hasPrevious: true, hasNext: false });
  });
});

describe("a new invitation", () => {
  it("can be made when it says for whom, for which tenant if any, and for how long", () => {
    expect(isComplete(BLANK)).toBe(false);
    const draft = { ...BLANK, note: " Contoso " };
    expect(isComplete(draft)).toBe(true);
    expect(isComplete({ ...draft, tenantId: "contoso" })).toBe(false);
    expect(isComplete({ ...draft, days: "91" })).toBe(false);
    expect(bodyOf(draft)).toEqual({ note: "Contoso", days: 14 });
    const tenantId = "c0000000-0000-4000-8000-000000000001";
    expect(bodyOf({ ...draft, tenantId: ` ${tenantId} `, days: "1" })).toEqual({ note: "Contoso", days: 1, tenantId });
  });

  it("knows the id of a tenant and a number of days", () => {
    expect(["", " ", "C0000000-0000-4000-8000-00000000000A"].map(isTenant)).toEqual([true, true, true]);
    expect(["contoso.com", "c0000000-0000-4000-8000-00000000000", "c0000000000040008000000000000001"].map(isTenant)).toEqual([false, false, false]);
    expect(["1", "90"].map(isDays)).toEqual([true, true]);
    expect(["", "0", "91", "1.5", "-3", "ten"].some(isDays)).toBe(false);
  });
});

describe("a deleted organization", () => {
  it("can come back until its purge may have begun", () => {
    const purgeAt = "2026-04-01T10:15:00Z";
    const then = Date.parse(purgeAt);
    expect([then - 1, then, then + 1].map((now) => canComeBack({ purgeAt }, now))).toEqual([true, false, false]);
    expect(canComeBack({ purgeAt: null }, then)).toBe(false);
  });
});

describe("findings", () => {
  it("that have one name are told apart by their place among each other", () => {
    const finding = (name: string): Finding => ({ name, state: "ok", message: "", fix: null });
    const keys = keyed(["redis", "clock", "redis"].map(finding)).map(([key]) => key);
    expect(keys).toEqual(["redis 0", "clock 0", "redis 1"]);
  });

  const finding = (name: string, state: Finding["state"]): Finding => ({ name, state, message: "", fix: null });

  it("are in the order in which somebody has to look at them", () => {
    const all = [finding("a", "ok"), finding("b", "warning"), finding("c", "error"), finding("d", "warning")];
    expect(byUrgency(all).map(({ name }) => name)).toEqual(["c", "b", "d", "a"]);
    expect(worst(all)).toBe("error");
    expect(worst(all.slice(0, 2))).toBe("warning");
    expect(worst([finding("a", "ok")])).toBe("ok");
    expect(worst([])).toBe("ok");
  });
});
