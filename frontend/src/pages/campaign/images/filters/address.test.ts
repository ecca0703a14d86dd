import { expect, it } from "vitest";
import { filterSearch, fromSearch, toSearch } from "./address";
import { NO_FILTER } from "./model";

it("an address without a filter stays bare", () => {
  expect(toSearch(NO_FILTER, "id")).toEqual({});
  expect(fromSearch({})).toEqual({ filter: NO_FILTER, ordering: "id" });
});

it("a link shows the same images in the same order", () => {
  const filter = { q: "2026", groups: [{ mode: "none" as const, conditions: [{ field: "label" as const, value: "3" }] }] };
  expect(fromSearch(filterSearch({ ...toSearch(filter, "-priority"), q: 2026 }))).toEqual({ filter, ordering: "-priority" });
});

it("what does not belong in an address is left out", () => {
  expect(filterSearch({ f: ["a"], q: { deep: 1 }, order: null, other: "x" })).toEqual({});
  expect(fromSearch({ order: "colour" }).ordering).toBe("id");
});
