import { describe, expect, it } from "vitest";
import { outlineOf } from "./outline";

describe("an outline", () => {
  it("goes around a box, turned about its middle", () => {
    expect(outlineOf({ type: "box", x: 1, y: 2, width: 3, height: 4, rotation: 0 })).toBe("M1 2L4 2L4 6L1 6Z");
    const quarter = outlineOf({ type: "box", x: 0, y: 0, width: 4, height: 2, rotation: 90 });
    expect(quarter.match(/-?[\d.]+(e-\d+)?/g)?.map((value) => Math.round(Number(value)))).toEqual([3, -1, 3, 3, 1, 3, 1, -1]);
  });

  it("keeps holes and parts of a polygon, and marks points that are there", () => {
    const ring = [[0, 0], [4, 0], [4, 4], [0, 0]];
    expect(outlineOf({ type: "polygon", polygons: [[ring, ring], [ring]] }).match(/M/g)).toHaveLength(3);
    expect(outlineOf({ type: "points", points: [{ x: 5, y: 5, v: 2 }, { x: 0, y: 0, v: 0 }] })).toBe("M3 3L7 3L7 7L3 7Z");
    expect(outlineOf({ type: "mask", bbox: [1, 1, 2, 2] })).toBe("M1 1L3 1L3 3L1 3Z");
    expect(outlineOf({ type: "whole" })).toBe("");
  });
});
