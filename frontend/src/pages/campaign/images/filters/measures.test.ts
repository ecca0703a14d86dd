import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keptBy, limitAt, measureOf } from "./measures";

const SIDES = ["sharpness_lte", "sharpness_gte"] as const;
const spread = fc.array(fc.float({ min: 0, max: 5_000, noNaN: true }), { minLength: 101, maxLength: 101 }).map((values) => values.toSorted((a, b) => a - b));

describe("limits of a measure", () => {
  it("say which measure they are of", () => {
    expect([measureOf("sharpness_lte"), measureOf("contrast_gte"), measureOf("score_gte"), measureOf("state")]).toEqual(["sharpness", "contrast", null, null]);
  });

  it("keep the share of the images that was asked for, whichever side is kept, and images alike with them", () => {
    fc.assert(
      fc.property(spread, fc.constantFrom(...SIDES), fc.integer({ min: 0, max: 100 }), (percentiles, side, kept) => {
        expect(keptBy(percentiles, side, limitAt(percentiles, side, kept))).toBeGreaterThanOrEqual(kept);
      }),
    );
    const even = Array.from({ length: 101 }, (_, at) => at * 10);
    expect([limitAt(even, "sharpness_lte", 12), keptBy(even, "sharpness_lte", 120)]).toEqual([120, 12]);
    expect([limitAt(even, "sharpness_gte", 12), keptBy(even, "sharpness_gte", 880)]).toEqual([880, 12]);
  });

  it("keep nothing beyond the last image", () => {
    const even = Array.from({ length: 101 }, (_, at) => at);
    expect([keptBy(even, "sharpness_lte", -1), keptBy(even, "sharpness_gte", 101)]).toEqual([0, 0]);
  });
});
