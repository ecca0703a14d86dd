import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CoverageMap } from "@/api/likeness";
import { groupsOf, inLoop, nearestTo, NONE, wholeSight, zoomed } from "./points";

const MAP = {
  run: 1,
  missing: 0,
  ids: [11, 12, 13, 14],
  x: [0, 0.5, 1, 0.5],
  y: [0, 0.5, 1, 0.9],
  label: [7, 7, null, 8],
  split: ["", "train", "test", "test"],
  state: ["unlabeled", "submitted", "submitted", "submitted"],
  round: [null, 2, 1, 2],
  uncertainty: [0, 0.99, null, 1],
} as unknown as CoverageMap;
const SIGHT = { scale: 100, x: 10, y: 20 };

describe("points of the map", () => {
  it("are grouped by what colours them, every point once, those without a value last", () => {
    for (const by of ["label", "split", "state", "round", "uncertainty"] as const) {
      const groups = groupsOf(MAP, by, []);
      expect(groups.flatMap(({ places }) => places).sort()).toEqual([0, 1, 2, 3]);
      expect(groups.findIndex(({ key }) => key === NONE)).toBe(groups.some(({ key }) => key === NONE) ? groups.length - 1 : -1);
    }
    expect(groupsOf(MAP, "uncertainty", []).map(({ key, places }) => [key, places])).toEqual([
      ["0", [0]],
      ["4", [1, 3]],
      [NONE, [2]],
    ]);
  });

  it("are found under the pointer, the nearest of them, and not beyond reach", () => {
    expect(nearestTo(MAP, SIGHT, 60, 72, 8)).toBe(1);
    expect(nearestTo(MAP, SIGHT, 60, 96, 100)).toBe(3);
    expect(nearestTo(MAP, SIGHT, 300, 300, 8)).toBe(-1);
  });

  it("are caught by the loop that goes round them, however it is seen", () => {
    expect(inLoop(MAP, SIGHT, [[50, 60], [70, 60], [70, 125], [50, 125]])).toEqual([12, 14]);
    expect(inLoop(MAP, SIGHT, [[0, 0], [1, 1]])).toEqual([]);
  });

  it("stay under the pointer while somebody comes closer", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 2, noNaN: true }), fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 500 }), (factor, x, y) => {
        const whole = wholeSight(640, 480);
        const near = zoomed(whole, factor, x, y, whole.scale);
        expect((x - near.x) / near.scale).toBeCloseTo((x - whole.x) / whole.scale, 6);
        expect(near.scale).toBeGreaterThanOrEqual(whole.scale);
      }),
    );
  });
});
