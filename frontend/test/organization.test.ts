import { describe, expect, it } from "vitest";

import { ExportLines } from "../src/organization/export-lines";
import { configOf, isConfig } from "../src/organization/settings-draft";

describe("an export", () => {
  const head = '{"export":{"organization":{"name":"Contoso"},"rows":{"users":2,"terms":1}}}\n';
  const row = '{"row":{"id":"1"},"table":"users"}\n';

  it("is followed however it is cut into pieces", () => {
    const whole = `${head}${row}{"progress":{"of":2,"rows":1,"table":"users"}}\n${row}{"end":true}\n`;
    const lines = new ExportLines();
    const seen = [...whole].map((character) => lines.add(character)).at(-1);
    expect(seen).toEqual({ rows: 2, expected: 3, isComplete: true });
  });

  it("is not complete without its last line", () => {
    const lines = new ExportLines();
    expect(lines.add(head + row + '{"end":true}')).toEqual({ rows: 1, expected: 3, isComplete: false });
  });
});

it("a configuration is an object, or nothing", () => {
  expect(["{}", "", "  ", '{"a":[1]}'].map(isConfig)).toEqual([true, true, true, true]);
  expect(["[]", "null", "1", "{"].map(isConfig)).toEqual([false, false, false, false]);
  expect(configOf('{"a":1}')).toEqual({ a: 1 });
  expect(configOf(" ")).toBeNull();
});
