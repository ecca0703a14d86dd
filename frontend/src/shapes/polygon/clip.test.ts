import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ringArea, ringContains } from "@/core/geometry";
import { edgesOf } from "@/core/path/edges";
import type { Part, Point } from "@/core/types";
import { joined, shared, subtracted } from "./clip";
import { split } from "./split";

/** What a person may draw: corners around a middle, so that the outline does not cross itself. */
const star = fc
  .record({ x: fc.integer({ min: 60, max: 140 }), y: fc.integer({ min: 60, max: 140 }), radii: fc.array(fc.integer({ min: 800, max: 5500 }), { minLength: 3, maxLength: 14 }) })
  .map(({ x, y, radii }): Part => {
    const corners = radii.map((radius, at): Point => {
      const angle = (at / radii.length) * 2 * Math.PI;
      return [Math.round(x * 100 + Math.cos(angle) * radius) / 100, Math.round(y * 100 + Math.sin(angle) * radius) / 100];
    });
    return [[...corners, corners[0] ?? [0, 0]]];
  });
/** Squares on whole pixels: edges of one lie on edges of the other more often than not. */
const block = fc
  .record({ x: fc.integer({ min: 20, max: 60 }), y: fc.integer({ min: 20, max: 60 }), width: fc.integer({ min: 10, max: 60 }), height: fc.integer({ min: 10, max: 60 }) })
  .map(({ x, y, width, height }): Part => [rectangle(x, y, x + width, y + height)]);

function rectangle(x0: number, y0: number, x1: number, y1: number): Point[] {
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]];
}

function covers(parts: readonly Part[], at: Point): boolean {
  return parts.some(([shell, ...holes]) => shell !== undefined && ringContains(shell, at) && !holes.some((hole) => ringContains(hole, at)));
}

function areaOf(parts: readonly Part[]): number {
  return parts.reduce((sum, [shell = [], ...holes]) => sum + Math.abs(ringArea(shell)) - holes.reduce((inside, hole) => inside + Math.abs(ringArea(hole)), 0), 0);
}

function lengthOf(part: Part): number {
  return part.flatMap((ring) => ring.slice(1).map(([x, y], at) => Math.hypot(x - (ring[at]?.[0] ?? x), y - (ring[at]?.[1] ?? y)))).reduce((sum, length) => sum + length, 0);
}

/** Samples that lie on no edge of what people draw on hundredths, one for every four square pixels. */
const GRID = Array.from({ length: 100 * 100 }, (_, at): Point => [(at % 100) * 1.971 + 0.0057, Math.floor(at / 100) * 1.971 + 0.0043]);

/** Samples away from all edges: rounding moves an edge by up to a hundredth of a pixel, and dust narrower than that is swept away. */
function samplesBeside(lines: readonly (readonly Point[])[]): Point[] {
  return GRID.filter((at) => lines.every((line) => edgesOf(line).nearest(at, 0.04) === null));
}

function disagreements(samples: readonly Point[], claim: (at: Point) => boolean, result: readonly Part[]): number {
  return samples.filter((at) => claim(at) !== covers(result, at)).length;
}

const pairs = fc.oneof(fc.tuple(star, star), fc.tuple(block, block), fc.tuple(star, block));

describe("joining, subtracting and cutting", () => {
  it("covers exactly the ground that the words say, counted on a grid", () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const [inA, inB] = [(at: Point) => covers([a], at), (at: Point) => covers([b], at)];
        const samples = samplesBeside([...a, ...b]);
        expect(disagreements(samples, (at) => inA(at) || inB(at), joined([a], [b]))).toBe(0);
        expect(disagreements(samples, (at) => inA(at) && !inB(at), subtracted([a], [b]))).toBe(0);
        expect(disagreements(samples, (at) => inA(at) && inB(at), shared([a], [b]))).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it("keeps the books: what is shared and what is not make up the whole", () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        // Each vertex is put on hundredths of a pixel, and every edge stands in at most two of the results.
        const rounding_px2 = 0.005 * Math.SQRT2 * 2 * (lengthOf(a) + lengthOf(b));
        const off = (found: number, whole: number): number => Math.abs(found - whole);
        expect(off(areaOf(subtracted([a], [b])) + areaOf(shared([a], [b])), areaOf([a]))).toBeLessThanOrEqual(rounding_px2);
        expect(off(areaOf(joined([a], [b])) + areaOf(shared([a], [b])), areaOf([a]) + areaOf([b]))).toBeLessThanOrEqual(rounding_px2);
      }),
    );
  });

  it("leaves no dust where two share an edge", () => {
    const [left, right]: [Part, Part] = [[[[0, 0], [10, 0], [10.33, 5.17], [10, 10], [0, 10], [0, 0]]], [[[10, 0], [20, 0], [20, 10], [10, 10], [10.33, 5.17], [10, 0]]]];
    expect(joined([left], [right])).toHaveLength(1);
    expect(joined([left], [right])[0]).toHaveLength(1);
    expect(shared([left], [right])).toEqual([]);
    expect(areaOf(subtracted([left], [right]))).toBeCloseTo(areaOf([left]), 6);
  });

  it("writes hundredths of a pixel and closes its rings", () => {
    fc.assert(
      fc.property(star, star, (a, b) => {
        for (const ring of joined([a], [b]).flat()) {
          expect(ring.at(-1)).toEqual(ring[0]);
          for (const [x, y] of ring) expect([Math.round(x * 100) / 100, Math.round(y * 100) / 100]).toEqual([x, y]);
        }
      }),
    );
  });
});

const SQUARE: Part = [rectangle(0, 0, 100, 100)];
const FRAME: Part = [rectangle(0, 0, 100, 100), rectangle(30, 30, 70, 70)];

describe("splitting", () => {
  const point = fc.tuple(fc.integer({ min: -2000, max: 22000 }), fc.integer({ min: -2000, max: 22000 })).map(([x, y]): Point => [x / 100, y / 100]);
  const line = fc.array(point, { minLength: 2, maxLength: 6 });

  it("gives pieces that do not overlap and whose areas sum to the whole", () => {
    fc.assert(
      fc.property(fc.oneof(star, block, fc.constant<Part>(FRAME)), line, (part, cut) => {
        const result = split([part], cut);
        if (!result) return;
        expect(result.pieces.length).toBeGreaterThan(1);
        expect(areaOf(result.pieces)).toBeCloseTo(areaOf([part]), -0.5);
        const samples = samplesBeside([...part, cut]);
        expect(disagreements(samples, (at) => covers([part], at), result.pieces)).toBe(0);
        expect(samples.filter((at) => result.pieces.filter((piece) => covers([piece], at)).length > 1)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it("cuts every polygon that a straight line crosses from outside to outside", () => {
    fc.assert(
      fc.property(star, fc.integer({ min: 0, max: 359 }), (part, degrees) => {
        const [shell = []] = part;
        const middle = [shell.slice(1).reduce((sum, [x]) => sum + x, 0) / (shell.length - 1), shell.slice(1).reduce((sum, [, y]) => sum + y, 0) / (shell.length - 1)] as const;
        const [dx, dy] = [Math.cos((degrees * Math.PI) / 180) * 300, Math.sin((degrees * Math.PI) / 180) * 300];
        fc.pre(covers([part], [middle[0], middle[1]]));
        expect(split([part], [[middle[0] - dx, middle[1] - dy], [middle[0] + dx, middle[1] + dy]])?.pieces.length ?? 0).toBeGreaterThan(1);
      }),
    );
  });

  it("shares the cut exactly: each vertex on it belongs to both pieces", () => {
    const pieces = split([SQUARE], [[-10, 33.337], [50, 41], [110, 20.1]])?.pieces ?? [];
    const [a = [], b = []] = pieces.map((piece) => piece[0]?.map(String) ?? []);
    expect(pieces).toHaveLength(2);
    expect(a.filter((vertex) => b.includes(vertex)).sort()).toEqual([...new Set(a.filter((vertex) => b.includes(vertex)))].sort());
    expect(a).toContain("50,41");
    expect(b).toContain("50,41");
  });

  it("does nothing with a line that stops inside, misses, or only leads into a hole", () => {
    expect(split([SQUARE], [[-10, 50], [60, 50]])).toBeNull();
    expect(split([SQUARE], [[-10, 50], [-10, 90]])).toBeNull();
    expect(split([FRAME], [[-10, 50], [50, 50]])).toBeNull();
  });

  it("divides a frame by a line through its hole, and keeps a hole that it passes by", () => {
    const through = split([FRAME], [[-10, 50], [110, 50]])?.pieces ?? [];
    expect(through.map((piece) => piece.length)).toEqual([1, 1]);
    const beside = split([FRAME], [[-10, 10], [110, 10]])?.pieces ?? [];
    expect(beside.map((piece) => piece.length).sort()).toEqual([1, 2]);
  });

  it("cuts from vertex to vertex, as a snapped line does", () => {
    expect(split([SQUARE], [[0, 0], [100, 100]])?.pieces.map((piece) => areaOf([piece]))).toEqual([5000, 5000]);
    expect(split([SQUARE], [[0, 50], [100, 50]])?.pieces.map((piece) => areaOf([piece]))).toEqual([5000, 5000]);
  });

  it("cuts an island out along a line that closes inside", () => {
    const pieces = split([SQUARE], [[20, 20], [80, 20], [80, 80], [20, 80], [20, 20]])?.pieces ?? [];
    expect(pieces.map((piece) => areaOf([piece])).sort()).toEqual([3600, 6400]);
  });

  it("leaves parts alone that the line does not touch", () => {
    const result = split([SQUARE, [rectangle(200, 200, 210, 210)]], [[-10, 50], [110, 50]]);
    expect([result?.pieces.length, result?.whole.length]).toEqual([2, 1]);
  });
});
