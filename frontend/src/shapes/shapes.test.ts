import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { documentOf } from "@/core/document";
import { distance } from "@/core/geometry";
import type { Sketch, SketchContext } from "@/core/kinds";
import type { Shape } from "@/core/types";
import type { BoxShape } from "./box/shape";
import type { MaskShape } from "./mask/shape";
import type { PolygonShape } from "./polygon/shape";
import { humanAnnotation } from "@/actions/annotations";
import { deleteVertices, insertVertex, setVertex } from "@/actions/vertices";
import { Session } from "@/modes/session";
import { corners } from "./box/geometry";
import { HitIndex } from "./hit-index";
import { kindOf, toolNamed } from "./kinds";
import { area as maskArea } from "./mask/geometry";
import { bitmapOf } from "./mask/raster";
import { countsOf, runsOf } from "./mask/rle";
import { polygonOf } from "./polygon/geometry";

const SIZE = { width: 400, height: 300 };
const BENCH = new Session({ size: SIZE, document: documentOf([]), label: 1, thresholds: { all: 0.5, byLabel: {} } });
const CONTEXT: SketchContext = { size: SIZE, reach: 6, constrain: false, alt: false };

const coordinate = (limit: number) => fc.integer({ min: 0, max: limit * 4 }).map((quarter) => quarter / 4);
const place = fc.tuple(coordinate(SIZE.width), coordinate(SIZE.height));
const anywhere = fc.tuple(fc.integer({ min: -900, max: 900 }), fc.integer({ min: -900, max: 900 }));
const boxes = fc
  .record({ x: coordinate(300), y: coordinate(200), width: fc.integer({ min: 4, max: 90 }), height: fc.integer({ min: 4, max: 90 }), rotation: fc.constant(0) })
  .map((box): BoxShape => ({ type: "box", ...box }));
const polygons = fc.array(place, { minLength: 3, maxLength: 12 }).map((points): PolygonShape => polygonOf(points));

describe("boxes and polygons", () => {
  it("never leave the image, however far they are moved", () => {
    fc.assert(
      fc.property(fc.oneof(boxes, polygons), anywhere, (shape: Shape, [dx, dy]) => {
        const kind = kindOf(shape);
        const bounds = kind.bounds(kind.move?.(shape, dx, dy, SIZE) ?? shape);
        expect(bounds && bounds[0] >= 0 && bounds[1] >= 0 && bounds[2] <= SIZE.width + 0.01 && bounds[3] <= SIZE.height + 0.01).toBe(true);
      }),
    );
  });

  it("keep their area when they are moved", () => {
    fc.assert(
      fc.property(fc.oneof(boxes, polygons), fc.integer({ min: -5, max: 5 }), (shape: Shape, step) => {
        const kind = kindOf(shape);
        expect(kind.area(kind.move?.(shape, step, -step, SIZE) ?? shape)).toBeCloseTo(kind.area(shape), 3);
      }),
    );
  });

  it("contain only points within reach of their bounds", () => {
    fc.assert(
      fc.property(fc.oneof(boxes, polygons), place, (shape: Shape, at) => {
        const kind = kindOf(shape);
        const bounds = kind.bounds(shape);
        if (!bounds || !kind.contains(shape, at, 3)) return;
        expect(at[0] >= bounds[0] - 3 && at[0] <= bounds[2] + 3 && at[1] >= bounds[1] - 3 && at[1] <= bounds[3] + 3).toBe(true);
      }),
    );
  });
});

describe("a box", () => {
  it("follows the dragged corner and holds the opposite one, turned or not", () => {
    fc.assert(
      fc.property(boxes, fc.integer({ min: 0, max: 359 }), place, (box, rotation, to) => {
        const turned = { ...box, rotation };
        const dragged = kindOf(turned).editor?.drag(turned, "se", to, SIZE) ?? turned;
        expect(distance(corners(dragged)[0], corners(turned)[0])).toBeLessThan(0.05);
        expect(dragged.width >= 1 && dragged.height >= 1).toBe(true);
      }),
    );
  });
});

describe("a polygon", () => {
  const square = polygonOf([[10, 10], [50, 10], [50, 50], [10, 50]]);
  const document = documentOf([humanAnnotation("p", 1, square)]);
  const shapeIn = (next: typeof document): PolygonShape => next.get("p")?.shape as PolygonShape;

  it("stays closed when its first vertex is dragged", () => {
    const ring = shapeIn(setVertex(document, "p", "0.0.0", [5, 6], SIZE)).polygons[0]?.[0];
    expect(ring?.[0]).toEqual([5, 6]);
    expect(ring?.at(-1)).toEqual([5, 6]);
  });

  it("gets a vertex on the edge that was pressed, and nowhere else", () => {
    const made = insertVertex(document, "p", [30, 12], 4);
    expect(made?.key).toBe("0.0.1");
    expect(made && shapeIn(made.document).polygons[0]?.[0]?.[1]).toEqual([30, 10]);
    expect(insertVertex(document, "p", [30, 30], 4)).toBeNull();
    expect(insertVertex(document, "p", [10, 30], 4)?.key).toBe("0.0.4");
  });

  it("with inserting and deleting the same vertex is what it was", () => {
    fc.assert(
      fc.property(polygons, place, (shape, at) => {
        const before = documentOf([humanAnnotation("p", 1, shape)]);
        const made = insertVertex(before, "p", at, Infinity);
        if (made) expect(shapeIn(deleteVertices(made.document, "p", [made.key])).polygons).toEqual(shape.polygons);
      }),
    );
  });

  it("goes with the vertex that left it a line; a hole goes alone", () => {
    const triangle = documentOf([humanAnnotation("p", 1, polygonOf([[0, 0], [9, 0], [0, 9]]))]);
    expect(deleteVertices(triangle, "p", ["0.0.1"]).has("p")).toBe(false);
    const holed: PolygonShape = { type: "polygon", polygons: [[square.polygons[0]?.[0] ?? [], [[20, 20], [30, 20], [20, 30], [20, 20]]]] };
    expect(shapeIn(deleteVertices(documentOf([humanAnnotation("p", 1, holed)]), "p", ["0.1.2"])).polygons).toEqual(square.polygons);
    expect(kindOf(holed).contains(holed, [22, 22], 0)).toBe(false);
    expect(kindOf(holed).area(holed)).toBe(1600 - 50);
  });
});

describe("a mask", () => {
  it("reads and writes COCO's run lengths", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 40 }), (runs) => {
        expect(runsOf(countsOf(runs))).toEqual(runs);
      }),
    );
  });

  it("runs down the columns, and finds its box by itself", () => {
    const mask: MaskShape = { type: "mask", size: [3, 4], counts: countsOf([4, 2, 1, 1, 4]) };
    expect(bitmapOf(mask)).toMatchObject({ left: 1, top: 1, width: 2, height: 2 });
    expect([...bitmapOf(mask).data]).toEqual([1, 1, 1, 0]);
    expect(maskArea(mask)).toBe(3);
    expect(kindOf(mask).contains(mask, [1.5, 2.5], 0)).toBe(true);
    expect(kindOf(mask).contains(mask, [2.5, 2.5], 0)).toBe(false);
  });
});

describe("tools", () => {
  const begin = (shape: string): Sketch => {
    const tool = toolNamed(shape);
    if (!tool || !("start" in tool)) throw new Error(shape);
    return tool.start(BENCH);
  };

  it("draw the box between two corners, dragged in any direction", () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        fc.pre(Math.abs(a[0] - b[0]) > 8 && Math.abs(a[1] - b[1]) > 8);
        const done = begin("box").press(a, CONTEXT).move(b, CONTEXT).release(b, CONTEXT).done as BoxShape;
        expect([done.x, done.y]).toEqual([Math.min(a[0], b[0]), Math.min(a[1], b[1])]);
        expect([done.width, done.height]).toEqual([Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1])]);
      }),
    );
  });

  it("draw a box by two clicks as well, and none by one", () => {
    const clicked = begin("box").press([10, 10], CONTEXT).release([10, 10], CONTEXT);
    expect(clicked.done).toBeNull();
    expect(clicked.move([60, 40], CONTEXT).press([60, 40], CONTEXT).release([60, 40], CONTEXT).done).toMatchObject({ x: 10, y: 10, width: 50, height: 30 });
  });

  it("cut a box at the edge of the image, and hold it square with Shift", () => {
    expect(begin("box").press([350, 250], CONTEXT).release([999, 999], CONTEXT).done).toMatchObject({ x: 350, y: 250, width: 50, height: 50 });
    expect(begin("box").press([10, 10], { ...CONTEXT, constrain: true }).release([60, 30], { ...CONTEXT, constrain: true }).done).toMatchObject({ width: 50, height: 50 });
  });
});

describe("the R-tree", () => {
  it("finds what a look at every annotation finds, after any changes", () => {
    fc.assert(
      fc.property(fc.array(fc.array(boxes, { maxLength: 10 }), { minLength: 1, maxLength: 4 }), place, (versions, at) => {
        const index = new HitIndex();
        for (const version of versions) {
          const document = documentOf(version.map((shape, number) => humanAnnotation(`b${number}`, 1, shape)));
          index.sync(document);
          const expected = [...document.values()].filter(({ shape }) => kindOf(shape).contains(shape, at, 2)).map(({ id }) => id);
          expect(index.at(at, 2).map(({ id }) => id).sort()).toEqual(expected.sort());
        }
      }),
    );
  });
});
