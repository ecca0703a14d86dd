import { expect, it } from "vitest";
import { budgetsOf } from "./budgets";

it("numbers are read whatever stands between them, and nothing typed is an empty list", () => {
  expect(budgetsOf("10, 20 40;80")).toEqual([10, 20, 40, 80]);
  expect(budgetsOf("  ")).toEqual([]);
});

it("what does not rise, or is no number of labels, is refused", () => {
  for (const text of ["10, 10", "20 10", "0, 5", "ten", "1.5", "-3"]) expect(budgetsOf(text)).toBeNull();
});
