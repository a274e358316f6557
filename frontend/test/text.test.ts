import { describe, expect, it } from "vitest";

import { text as english } from "../src/text/en";
import { text as italian } from "../src/text/it";
import { sizeIn } from "../src/text/size";

/** Every text by its path; of a function, what it makes of plain words. */
function texts(words: object, path = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(words) as [string, unknown][]) {
    const here = `${path}${key}`;
    if (typeof value === "string") found.set(here, value);
    else if (typeof value === "function") found.set(here, String(value(...Array.from({ length: value.length }, () => 2))));
    else if (typeof value === "object" && value !== null) for (const [deeper, word] of texts(value, `${here}.`)) found.set(deeper, word);
  }
  return found;
}

/** Words that are the same in both languages. */
const SAME = [
  /^(product|.*\.(sharepoint|email|member|annotations\.by|file|password))$/,
  /^sharepoint\.title$/,
  /^connections\.(account|resources\.graph)$/,
  /^annotations\.(by|file|filterFile)$/,
];

describe("the words", () => {
  const [en, it_] = [texts(english), texts(italian)];

  it("are all there in Italian", () => {
    expect([...it_.keys()].toSorted()).toEqual([...en.keys()].toSorted());
    const missing = [...en].filter(([key, word]) => word !== "" && it_.get(key) === "").map(([key]) => key);
    expect(missing).toEqual([]);
  });

  it("are translated, but for those that are the same", () => {
    const same = [...en].filter(([key, word]) => word !== "" && it_.get(key) === word && !SAME.some((pattern) => pattern.test(key)));
    expect(same).toEqual([]);
  });
});

it("a size is in the unit that fits", () => {
  const size = sizeIn("en-US");
  expect([0, 1, 999, 1_000, 300_000, 1_234_567, 5e15].map(size)).toEqual([
    "0 bytes",
    "1 byte",
    "999 bytes",
    "1 kB",
    "300 kB",
    "1.2 MB",
    "5,000 TB",
  ]);
});
