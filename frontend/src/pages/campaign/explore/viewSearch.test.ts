import { expect, it } from "vitest";
import { VIEW_NAMES, viewSearch } from "./viewSearch";

it("an address names a view of Explore, and nothing else", () => {
  for (const view of VIEW_NAMES) expect(viewSearch({ view, other: 1 })).toEqual({ view });
  for (const view of ["", "Map", 3, undefined]) expect(viewSearch({ view })).toEqual({});
});
