import { expect, it } from "vitest";

import { byItem } from "../src/annotations/by-item";
import type { Annotation } from "../src/annotations/queries";
import { annotationSearch } from "../src/annotations/search";

const on = (id: string, itemId: string, driveId = "d"): Annotation => ({
  id,
  itemId,
  driveId,
  siteId: "s",
  authorId: "u",
  note: "",
  termIds: [],
  place: null,
  item: null,
  createdAt: "2026-01-05T09:00:00Z",
  updatedAt: "2026-01-05T09:00:00Z",
});

it("annotations of one file stand together, where the newest of them is", () => {
  const files = byItem([on("1", "x"), on("2", "y"), on("3", "x"), on("4", "x", "other")]);
  expect(files.map(({ annotations }) => annotations.map(({ id }) => id))).toEqual([["1", "3"], ["2"], ["4"]]);
});

it("a file is named by both of its ids or not at all", () => {
  expect(annotationSearch({ driveId: "d", termId: "t" })).toEqual({ termId: "t" });
  expect(annotationSearch({ driveId: "d", itemId: "i" })).toEqual({ driveId: "d", itemId: "i" });
});
