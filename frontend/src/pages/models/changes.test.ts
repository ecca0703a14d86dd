import { expect, it } from "vitest";
import type { RegisteredModel } from "@/api/types";
import { changedFields } from "./changes";

it("saves of a model what its form says otherwise, and a secret whenever one was typed", () => {
  const begun = { id: 1, name: "Water", version: "1", classes: [{ index: 0, name: "water" }], options: { timeout_s: 5 }, has_secret: true } as unknown as RegisteredModel;
  const typed = { name: "Water", version: "2", classes: [{ index: 0, name: "water" }], options: { timeout_s: 6 }, secret: "s" };
  expect(changedFields(begun, typed)).toEqual({ version: "2", options: { timeout_s: 6 }, secret: "s" });
});
