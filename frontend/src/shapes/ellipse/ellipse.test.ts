import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { humanAnnotation } from "@/actions/annotations";
import { documentOf } from "@/core/document";
import { distance } from "@/core/geometry";
import type { Sketch, SketchContext } from "@/core/kinds";
import type { Point } from "@/core/types";
import { area as polygonArea } from "@/shapes/polygon/geometry";
import type { PolygonShape } from "@/shapes/polygon/shape";
import { ellipsesToPolygons, turnEllipses } from "./commands";
import { ellipseEditor } from "./editor";
import { area, bounds, contains, move, placeAt, ringOf, TOLERANCE_PX } from "./geometry";
import type { EllipseShape } from "./shape";
import { ellipseBetween, ellipseTool } from "./tool";

const SIZE = { width: 400, height: 300 };
const CONTEXT: SketchContext = { size: SIZE, reach: 6, constrain: false, alt: false };
const quarter = (low: number, high: number) => fc.integer({ min: low * 4, max: high * 4 }).map((n) => n / 4);
const ellipses = fc
  .record({ cx: quarter(120, 280), cy: quarter(120, 180), rx: quarter(4, 110), ry: quarter(4, 110), rotation: quarter(0, 359) })
  .map((values): EllipseShape => ({ type: "ellipse", ...values }));
const places = fc.tuple(quarter(0, SIZE.width), quarter(0, SIZE.height)).map(([x, y]): Point => [x, y]);
const OPPOSITE = { e: "w", w: "e", n: "s", s: "n" } as const;
const handleOf = (ellipse: EllipseShape, key: string): Point => ellipseEditor.handles(ellipse).find((handle) => handle.key === key)?.at ?? [NaN, NaN];

describe("an ellipse", () => {
  it("has an outline on it, nowhere further away than the tolerance", () => {
    fc.assert(
      fc.property(ellipses, (ellipse) => {
        const ring = ringOf(ellipse);
        expect(ring.at(-1)).toEqual(ring[0]);
        for (let at = 0; at + 1 < ring.length; at += 1) {
          const [a, b] = [ring[at], ring[at + 1]] as [Point, Point];
          const onIt = placeAt(ellipse, (2 * Math.PI * (at + 0.5)) / (ring.length - 1));
          expect(distance(onIt, [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2])).toBeLessThanOrEqual(TOLERANCE_PX + 1e-9);
        }
      }),
    );
  });

  it("lies within its bounds and touches them", () => {
    fc.assert(
      fc.property(ellipses, (ellipse) => {
        const [minX, minY, maxX, maxY] = bounds(ellipse);
        const ring = ringOf(ellipse, 0.001);
        expect(Math.min(...ring.map(([x]) => x))).toBeCloseTo(minX, 1);
        expect(Math.max(...ring.map(([x]) => x))).toBeCloseTo(maxX, 1);
        expect(Math.min(...ring.map(([, y]) => y))).toBeCloseTo(minY, 1);
        expect(Math.max(...ring.map(([, y]) => y))).toBeCloseTo(maxY, 1);
      }),
    );
  });

  it("is hit inside, on its edge within reach, and not in the corners of its box", () => {
    fc.assert(
      fc.property(ellipses, fc.integer({ min: 0, max: 359 }), (ellipse, degrees) => {
        const edge = placeAt(ellipse, (degrees * Math.PI) / 180);
        const out = (share: number): Point => [ellipse.cx + (edge[0] - ellipse.cx) * share, ellipse.cy + (edge[1] - ellipse.cy) * share];
        expect(contains(ellipse, out(0.99), 0)).toBe(true);
        expect(contains(ellipse, out(1.01), 0)).toBe(false);
        expect(contains(ellipse, out(1 + 1 / distance(edge, [ellipse.cx, ellipse.cy])), 3)).toBe(true);
      }),
    );
    expect(contains({ type: "ellipse", cx: 50, cy: 50, rx: 40, ry: 20, rotation: 0 }, [88, 68], 3)).toBe(false);
  });

  it("stays inside the image however far it is moved, and keeps its size", () => {
    fc.assert(
      fc.property(ellipses, places, (ellipse, [dx, dy]) => {
        const moved = move(ellipse, dx * 3 - 600, dy * 3 - 450, SIZE);
        const [minX, minY, maxX, maxY] = bounds(moved);
        const wasInside = bounds(ellipse).every((side, at) => (at < 2 ? side >= 0 : side <= (at === 2 ? SIZE.width : SIZE.height)));
        if (wasInside) expect(minX >= -0.01 && minY >= -0.01 && maxX <= SIZE.width + 0.01 && maxY <= SIZE.height + 0.01).toBe(true);
        expect(area(moved)).toBe(area(ellipse));
      }),
    );
  });
});

describe("the handles of an ellipse", () => {
  it("hold the opposite end of the axis while one end is dragged, turned or not", () => {
    fc.assert(
      fc.property(ellipses, fc.constantFrom("e", "w", "n", "s"), places, (ellipse, key, to) => {
        const dragged = ellipseEditor.drag(ellipse, key, to, SIZE);
        const opposite = OPPOSITE[key as keyof typeof OPPOSITE];
        expect(distance(handleOf(dragged, opposite), handleOf(ellipse, opposite))).toBeLessThan(0.06);
        expect(dragged.rotation).toBe(ellipse.rotation);
        expect(Math.min(dragged.rx, dragged.ry)).toBeGreaterThan(0);
      }),
    );
  });

  it("that was dragged to where it is changes nothing", () => {
    fc.assert(
      fc.property(ellipses, fc.constantFrom("e", "w", "n", "s"), (ellipse, key) => {
        const at = handleOf(ellipse, key);
        fc.pre(at[0] >= 0 && at[1] >= 0 && at[0] <= SIZE.width && at[1] <= SIZE.height);
        const dragged = ellipseEditor.drag(ellipse, key, at, SIZE);
        for (const name of ["cx", "cy", "rx", "ry"] as const) expect(Math.abs(dragged[name] - ellipse[name])).toBeLessThan(0.011);
      }),
    );
  });

  it("turn it towards the pointer, and nothing else of it", () => {
    fc.assert(
      fc.property(ellipses, places, (ellipse, to) => {
        fc.pre(distance(to, [ellipse.cx, ellipse.cy]) > 5);
        const turned = ellipseEditor.drag(ellipse, "turn", to, SIZE);
        expect({ ...turned, rotation: 0 }).toEqual({ ...ellipse, rotation: 0 });
        const [x, y] = handleOf(turned, "turn");
        expect(Math.atan2(y - ellipse.cy, x - ellipse.cx)).toBeCloseTo(Math.atan2(to[1] - ellipse.cy, to[0] - ellipse.cx), 3);
      }),
    );
  });
});

describe("Shift on a handle", () => {
  const hold = { constrain: true, proportions: false };

  it("turns in steps of 15 degrees", () => {
    fc.assert(
      fc.property(ellipses, places, (ellipse, to) => {
        fc.pre(distance(to, [ellipse.cx, ellipse.cy]) > 5);
        expect(ellipseEditor.drag(ellipse, "turn", to, SIZE, hold).rotation % 15).toBe(0);
      }),
    );
  });

  it("keeps the proportions", () => {
    fc.assert(
      fc.property(ellipses, fc.constantFrom("e", "w", "n", "s"), places, (ellipse, key, to) => {
        const dragged = ellipseEditor.drag(ellipse, key, to, SIZE, hold);
        fc.pre(dragged.rx > 5 && dragged.ry > 5);
        expect(Math.abs(dragged.rx / dragged.ry / (ellipse.rx / ellipse.ry) - 1)).toBeLessThan(0.004);
      }),
    );
  });
});

describe("the ellipse tool", () => {
  // Some sketches ask for the bench; this one does not.
  const start = ellipseTool.start as () => Sketch;
  const dragged = (from: Point, to: Point, context = CONTEXT) => start().press(from, context).move(to, context).release(to, context).done;

  it("fills the box that was dragged, in any direction", () => {
    expect(dragged([10, 20], [110, 80])).toEqual({ type: "ellipse", cx: 60, cy: 50, rx: 50, ry: 30, rotation: 0 });
    expect(dragged([110, 80], [10, 20])).toEqual(dragged([10, 20], [110, 80]));
  });

  it("makes circles with Shift and grows from the centre with Alt", () => {
    expect(dragged([10, 20], [110, 80], { ...CONTEXT, constrain: true })).toEqual({ type: "ellipse", cx: 60, cy: 70, rx: 50, ry: 50, rotation: 0 });
    expect(dragged([200, 150], [230, 190], { ...CONTEXT, alt: true })).toEqual({ type: "ellipse", cx: 200, cy: 150, rx: 30, ry: 40, rotation: 0 });
    expect(ellipseBetween([200, 150], [230, 190], { alt: true, constrain: true })).toMatchObject({ cx: 200, cy: 150, rx: 50, ry: 50 });
  });

  it("takes two clicks as well, and makes nothing of one", () => {
    const once = start().press([10, 20], CONTEXT).release([10, 20], CONTEXT);
    expect(once.done).toBeNull();
    expect(once.move([110, 80], CONTEXT).press([110, 80], CONTEXT).release([110, 80], CONTEXT).done).toMatchObject({ cx: 60, cy: 50, rx: 50, ry: 30 });
  });
});

describe("commands", () => {
  it("turn by degrees and back again", () => {
    fc.assert(
      fc.property(ellipses, fc.integer({ min: -720, max: 720 }), (ellipse, degrees) => {
        const before = documentOf([humanAnnotation("a", 1, ellipse)]);
        const after = turnEllipses(turnEllipses(before, ["a"], degrees), ["a"], -degrees);
        expect((after.get("a")?.shape as EllipseShape).rotation).toBeCloseTo(ellipse.rotation, 2);
      }),
    );
  });

  it("make a polygon that covers the same ground", () => {
    fc.assert(
      fc.property(ellipses, (ellipse) => {
        const after = ellipsesToPolygons(documentOf([humanAnnotation("a", 1, ellipse)]), ["a"]);
        const polygon = after.get("a")?.shape as PolygonShape;
        expect(polygon.type).toBe("polygon");
        const strip = 2 * Math.PI * Math.max(ellipse.rx, ellipse.ry) * (TOLERANCE_PX + 0.01);
        expect(Math.abs(polygonArea(polygon) - area(ellipse))).toBeLessThan(strip);
      }),
    );
  });
});
