import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distance, lineDistance, nearestOnSegment } from "@/core/geometry";
import type { Point } from "@/core/types";
import { crossingsOf } from "./crossings";
import { edgesOf } from "./edges";
import { simplified } from "./simplify";
import { Track } from "./track";

const point = fc.tuple(fc.integer({ min: 0, max: 4000 }), fc.integer({ min: 0, max: 4000 })).map(([x, y]): Point => [x / 10, y / 10]);
const line = fc.uniqueArray(point, { minLength: 2, maxLength: 60, selector: String });
/** A ring around a middle, which crosses nothing. */
const ring = fc.array(fc.integer({ min: 300, max: 1900 }), { minLength: 3, maxLength: 80 }).map((radii) => {
  const corners = radii.map((radius, at): Point => {
    const angle = (at / radii.length) * 2 * Math.PI;
    return [200 + Math.round(Math.cos(angle) * radius) / 10, 200 + Math.round(Math.sin(angle) * radius) / 10];
  });
  return [...corners, corners[0] ?? ([0, 0] as Point)];
});

describe("the index of a line", () => {
  it("finds the same edge and vertex as looking at all of them", () => {
    fc.assert(
      fc.property(line, point, fc.integer({ min: 0, max: 300 }), (points, at, reach) => {
        const away = lineDistance(points, at);
        const hit = edgesOf(points).nearest(at, reach);
        if (away > reach) expect(hit).toBeNull();
        else expect(hit?.away).toBeCloseTo(away, 9);
        const nearest = Math.min(...points.map((vertex) => distance(vertex, at)));
        const vertex = edgesOf(points).nearestVertex(at, reach);
        if (nearest > reach) expect(vertex).toBeNull();
        else expect(vertex?.away).toBeCloseTo(nearest, 9);
      }),
    );
  });

  it("searches a 6,000-vertex ring far faster than a frame lasts", () => {
    const points = Array.from({ length: 6001 }, (_, at): Point => [2000 + 1500 * Math.cos((at / 6000) * 2 * Math.PI), 2000 + 1500 * Math.sin((at / 6000) * 2 * Math.PI)]);
    const before = performance.now();
    for (let at = 0; at < 1000; at += 1) edgesOf(points).nearest([3500, 2000 + (at % 7)], 8);
    expect((performance.now() - before) / 1000).toBeLessThan(1);
  });
});

describe("crossings", () => {
  it("are none in a ring drawn around a middle, and one in a bow tie", () => {
    fc.assert(
      fc.property(ring, (points) => {
        expect(crossingsOf([points])).toEqual([]);
      }),
    );
    expect(crossingsOf([[[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]]).map(({ at }) => at)).toEqual([[5, 5]]);
  });

  it("are found between lines, each once", () => {
    expect(crossingsOf([[[0, 5], [10, 5]], [[5, 0], [5, 10]]])).toEqual([{ at: [5, 5], line: 0, edge: 0, otherLine: 1, otherEdge: 0 }]);
  });
});

describe("simplifying", () => {
  const tolerance = fc.integer({ min: 1, max: 400 }).map((tenths) => tenths / 10);

  it("keeps every point within the tolerance of the new line, and both ends", () => {
    fc.assert(
      fc.property(line, tolerance, (points, limit) => {
        const [result = []] = simplified([points], limit);
        expect(result[0]).toEqual(points[0]);
        expect(result.at(-1)).toEqual(points.at(-1));
        for (const vertex of points) expect(lineDistance(result, vertex)).toBeLessThanOrEqual(limit + 1e-9);
      }),
    );
  });

  it("keeps a ring a ring that crosses nothing", () => {
    fc.assert(
      fc.property(ring, tolerance, (points, limit) => {
        const [result = []] = simplified([points], limit);
        expect(result.at(-1)).toEqual(result[0]);
        expect(result.length).toBeGreaterThanOrEqual(4);
        expect(crossingsOf([result])).toEqual([]);
      }),
    );
  });

  it("does not let a hole out of its shell", () => {
    const shell: Point[] = [[0, 0], [50, -4], [100, 0], [100, 50], [0, 50], [0, 0]];
    const hole: Point[] = [[45, -2], [55, -2], [50, 20], [45, -2]];
    const [outer = [], inner = []] = simplified([shell, hole], 5);
    expect(crossingsOf([outer, inner])).toEqual([]);
    expect(outer.map(String)).toContain("50,-4");
  });

  it("drops points on straight edges and nothing else at the smallest tolerance", () => {
    expect(simplified([[[0, 0], [5, 0], [10, 0], [10, 10], [0, 10], [0, 0]]], 0.01)[0]).toEqual([[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]);
  });
});

describe("going along a line", () => {
  it("passes each vertex of a ring once, on one way or on the other", () => {
    fc.assert(
      fc.property(ring, fc.nat(999), fc.nat(999), (points, first, second) => {
        fc.pre(first !== second);
        const track = new Track(points);
        const [from, to] = [(first / 1000) * track.length, (second / 1000) * track.length];
        const ways = [...track.between(from, to, 1), ...track.between(from, to, -1)];
        expect(new Set(ways.map(String)).size).toBe(ways.length);
        for (const vertex of ways) expect(points.map(String)).toContain(String(vertex));
        expect(ways.length).toBeGreaterThanOrEqual(points.length - 3);
      }),
    );
  });

  it("gives the way back as the way there, turned round", () => {
    fc.assert(
      fc.property(ring, fc.nat(999), fc.nat(999), (points, first, second) => {
        const track = new Track(points);
        const [from, to] = [(first / 1000) * track.length, (second / 1000) * track.length];
        expect(track.between(to, from, -1)).toEqual([...track.between(from, to, 1)].reverse());
      }),
    );
  });

  it("finds the shorter way round the end of a ring", () => {
    const track = new Track([[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]);
    expect(track.step(38, 3)).toBeCloseTo(5);
    expect(track.between(38, 3, 1)).toEqual([[0, 0]]);
    const hit = edgesOf(track.points).nearest([10.4, 4], 1);
    expect(hit && track.along(hit)).toBeCloseTo(14);
    expect(hit && nearestOnSegment([10.4, 4], [10, 0], [10, 10])).toEqual([10, 4]);
  });
});
