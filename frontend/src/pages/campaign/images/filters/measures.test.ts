import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keptBy, limitAt, measureOf, placeOf } from "./measures";

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

  it("are reached by single steps up and down, however few images there are", () => {
    const three = Array.from({ length: 101 }, (_, at) => [1, 5, 9][Math.round(at / 50)] ?? 9);
    for (const side of SIDES) {
      const walk = (from: number, step: number): number => {
        let place = from;
        for (let n = 0; n < 100; n += 1) {
          const next = Math.min(100, Math.max(0, place + step));
          place = placeOf(three, side, limitAt(three, side, next), next);
        }
        return place;
      };
      expect([walk(0, 1), walk(100, -1)]).toEqual([100, 0]);
    }
    expect(placeOf(three, "sharpness_lte", 5, 0)).toBe(keptBy(three, "sharpness_lte", 5));
  });

  it("keep nothing beyond the last image", () => {
    const even = Array.from({ length: 101 }, (_, at) => at);
    expect([keptBy(even, "sharpness_lte", -1), keptBy(even, "sharpness_gte", 101)]).toEqual([0, 0]);
  });
});
