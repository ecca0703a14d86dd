import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CoverageMap } from "@/api/likeness";
import type { Label } from "@/api/types";
import { type Dots, dotSide, dotsOf, groupsOf, inLoop, moved, nearestTo, NONE, paint, spreadOf, wholeSight, within, zoomed } from "./points";

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
const shown = (...hidden: string[]): Dots => dotsOf(MAP, groupsOf(MAP, "label", []), new Set(hidden));
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

  it("are found under the pointer, the nearest of those shown, and not beyond reach", () => {
    const dots = shown();
    expect(nearestTo(dots, SIGHT, 60, 72, 8)).toBe(1);
    expect(nearestTo(dots, SIGHT, 60, 96, 100)).toBe(3);
    expect(nearestTo(dots, SIGHT, 300, 300, 8)).toBe(-1);
    expect(nearestTo(shown("8"), SIGHT, 60, 96, 100)).toBe(1);
  });

  it("are caught by the loop that goes round them, or by the sight, unless they are hidden", () => {
    const loop = [[50, 60], [70, 60], [70, 125], [50, 125]] as const;
    expect(inLoop(shown(), SIGHT, loop)).toEqual([1, 3]);
    expect(inLoop(shown("7"), SIGHT, loop)).toEqual([3]);
    expect(inLoop(shown(), SIGHT, [[0, 0], [1, 1]])).toEqual([]);
    expect(within(shown(), SIGHT, 0, 0, 60, 110)).toEqual([0, 1, 3]);
  });

  it("are painted in their colours, the rarer group on top, and nothing beyond the picture", () => {
    const labels = [{ id: 7, color: "#102030" }, { id: 8, color: "#ff0000" }] as unknown as Label[];
    const dots: Dots = { ...dotsOf(MAP, groupsOf(MAP, "label", labels), new Set()), y: Float32Array.from([0, 0.5, 1, 0.5]) };
    const pixels = new Uint32Array(20 * 20).fill(9);
    expect(paint(pixels, 20, 20, dots, { scale: 16, x: 2, y: 2 }, 2)).toBe(4);
    const at = (x: number, y: number): string => (pixels[y * 20 + x] ?? 0).toString(16);
    expect([at(2, 2), at(10, 10), at(5, 5)]).toEqual(["ff302010", "ff0000ff", "0"]);
    expect(paint(pixels, 20, 20, dots, { scale: 16, x: 21, y: 2 }, 2)).toBe(0);
    expect(pixels.every((word) => word === 0)).toBe(true);
    fc.assert(
      fc.property(fc.double({ min: -40, max: 40, noNaN: true }), fc.double({ min: -40, max: 40, noNaN: true }), fc.integer({ min: 1, max: 18 }), (x, y, side) => {
        const seen = paint(pixels, 20, 20, dots, { scale: 16, x, y }, side);
        expect(pixels.some((word) => word !== 0)).toBe(seen > 0);
      }),
    );
  });

  it("are smaller where there are many, and grow from nearby", () => {
    expect(dotSide(50_000, 1)).toBeLessThan(dotSide(100, 1));
    expect(dotSide(50_000, 16)).toBeGreaterThan(dotSide(50_000, 1));
  });

  it("never leave the sight for good when the map is moved", () => {
    fc.assert(
      fc.property(fc.integer({ min: -9000, max: 9000 }), fc.integer({ min: -9000, max: 9000 }), (dx, dy) => {
        const there = moved({ scale: 1000, x: 0, y: 0 }, dx, dy, 640, 480);
        expect(there.x).toBeLessThanOrEqual(320);
        expect(there.x + there.scale).toBeGreaterThanOrEqual(320);
        expect(there.y).toBeLessThanOrEqual(240);
        expect(there.y + there.scale).toBeGreaterThanOrEqual(240);
      }),
    );
  });

  it("fill the sight from edge to edge, in the direction in which they reach farthest", () => {
    const spread = spreadOf({ x: Float32Array.from([0, 1]), y: Float32Array.from([0.4, 0.55]) });
    expect([spread.across, spread.down]).toEqual([1, expect.closeTo(0.2, 5)]);
    expect(wholeSight(648, 648, spread).scale).toBeCloseTo(600, 5);
    expect(wholeSight(5048, 248, spread).scale).toBeCloseTo(1000, 1);
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
