import { expect, it } from "vitest";
import { NO_FILTER, withCondition } from "./filters/model";
import { LISTED, listedImages, namedImages } from "./naming";

const many = Array.from({ length: LISTED + 1 }, (_, at) => at + 10);
const flagged = withCondition(NO_FILTER, "all", { field: "flagged", value: "true" });

it("all that a filter gave is said as the filter, or as everything", () => {
  expect(namedImages({ ids: many, idsOf: flagged }, many)).toEqual({ filter: { flagged: "true" } });
  expect(namedImages({ ids: many, idsOf: NO_FILTER }, many)).toBe("all");
});

it("a short list, a part of a long one and one with a stranger in it are said by their ids, however they begin and end", () => {
  const few = many.slice(0, LISTED);
  const strange = many.map((id, at) => (at === 7 ? 9999 : id));
  for (const ids of [few, many.slice(1), strange]) expect(namedImages({ ids: many, idsOf: flagged }, ids)).toEqual({ ids, missing: "skip" });
  expect(namedImages({ ids: few, idsOf: flagged }, few)).toEqual(listedImages(few));
});

it("once something was done that the filter may ask for, only ids say what was meant", () => {
  expect(namedImages({ ids: many, idsOf: null }, many)).toEqual(listedImages(many));
});
