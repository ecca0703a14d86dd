import { expect, it } from "vitest";
import { startOf, startSearch } from "./startSearch";

it("an address names a checkpoint to go on from, and nothing else", () => {
  expect(startSearch({ from: 12, other: "x" })).toEqual({ from: "12" });
  expect(startSearch({ from: "12-last" })).toEqual({ from: "12-last" });
  for (const from of ["12-best", "-1", "x", "", undefined, "12-last; drop"]) expect(startSearch({ from })).toEqual({});
});

it("a training goes on from the best checkpoint unless the last one is named", () => {
  expect(startOf("12")).toEqual({ start_from: 12 });
  expect(startOf("12-last")).toEqual({ start_from: 12, start_role: "last" });
  expect(startOf("")).toEqual({});
});
