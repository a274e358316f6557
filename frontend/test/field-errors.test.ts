import { TenantryError } from "@tenantry/client";
import { expect, it } from "vitest";

import { Reasons } from "../src/lib/field-errors";

const refusal = new TenantryError({
  code: "VALIDATION_FAILED",
  message: "The request is not valid",
  details: { "allowedIps.0": ["is no address"], "allowedIps.2": ["is twice in it"], name: ["is required"] },
});

it("what is said of a part of a field stands beside the field", () => {
  const reasons = new Reasons(refusal);
  expect(reasons.of("allowedIps")).toBe("is no address is twice in it");
  expect(reasons.of("allowed")).toBeUndefined();
});

it("what stands beside no field is told apart", () => {
  const reasons = new Reasons(refusal);
  reasons.of("allowedIps");
  expect(reasons.isElsewhere).toBe(true);
  reasons.of("name");
  expect(reasons.isElsewhere).toBe(false);
  expect(new Reasons(new Error("x")).isElsewhere).toBe(true);
  expect(new Reasons(undefined).isElsewhere).toBe(false);
});
