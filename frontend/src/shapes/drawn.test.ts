import { describe, expect, it } from "vitest";
import { drawnOf, drawnPath } from "./drawn";
import { countsOf } from "./mask/rle";

describe("a shape in a still picture", () => {
  it("a bitmap is drawn by the edge of its pixels, with its holes, and not by the frame around them", () => {
    // Five by five, column by column: a ring of three by three around an empty pixel.
    const mask = { type: "mask", size: [5, 5], counts: countsOf([6, 3, 2, 1, 1, 1, 2, 3, 6]) } as const;
    const { lines } = drawnOf(mask);
    const extent = lines.map((ring) => [Math.min(...ring.map(([x]) => x)), Math.max(...ring.map(([x]) => x))]);
    expect(extent.sort()).toEqual([[1, 4], [2, 3]]);
  });

  it("a polygon by its rings, and points by a ring around each that is there", () => {
    expect(drawnPath({ type: "polygon", polygons: [[[[0, 0], [4, 0], [4, 4], [0, 0]]]] }, 1)).toBe("M0,0L4,0L4,4L0,0");
    const points = { type: "points", points: [{ name: "a", x: 3, y: 4, v: 2 }, { name: "b", x: 0, y: 0, v: 0 }] } as const;
    expect(drawnPath(points, 1)).toBe("M2,4a1,1 0 1,0 2,0a1,1 0 1,0 -2,0");
  });
});
