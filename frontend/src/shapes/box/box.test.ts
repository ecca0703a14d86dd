import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { humanAnnotation } from "@/actions/annotations";
import { documentOf, type AnnotationDocument } from "@/core/document";
import { distance } from "@/core/geometry";
import type { Point } from "@/core/types";
import { KEEP_PROPORTIONS } from "@/modes/drag";
import { click, drag, inputAt, press, sessionOf, shapeOf, SIZE } from "@/modes/testing";
import { resizeBoxes, turnBoxes } from "./commands";
import { boxEditor } from "./editor";
import { bounds, centre, corners } from "./geometry";
import { RATIO } from "./settings";
import type { BoxShape } from "./shape";

const boxes = fc
  .record({ x: fc.integer({ min: 60, max: 200 }), y: fc.integer({ min: 60, max: 120 }), width: fc.integer({ min: 8, max: 90 }), height: fc.integer({ min: 8, max: 90 }), rotation: fc.integer({ min: 0, max: 359 }) })
  .map((box): BoxShape => ({ type: "box", ...box }));
const place = fc.tuple(fc.integer({ min: -50, max: 450 }), fc.integer({ min: -50, max: 350 }));
const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const OPPOSITE: Record<string, string> = { nw: "se", n: "s", ne: "sw", e: "w", se: "nw", s: "n", sw: "ne", w: "e" };
const handle = (box: BoxShape, key: string): Point => boxEditor.handles(box).find((candidate) => candidate.key === key)?.at ?? [NaN, NaN];
const plain: BoxShape = { type: "box", x: 100, y: 100, width: 80, height: 40, rotation: 0 };
const documentWith = (box: BoxShape): AnnotationDocument => documentOf([humanAnnotation("b", 1, box)]);
const boxIn = (document: AnnotationDocument): BoxShape => document.get("b")?.shape as BoxShape;

describe("the handles of a box", () => {
  it("hold the opposite corner or side, turned or not, in proportion or not", () => {
    fc.assert(
      fc.property(boxes, fc.constantFrom(...HANDLES), place, fc.boolean(), (box, key, to, constrain) => {
        const dragged = boxEditor.drag(box, key, to, SIZE, { constrain, proportions: false });
        expect(distance(handle(dragged, OPPOSITE[key] ?? ""), handle(box, OPPOSITE[key] ?? ""))).toBeLessThan(0.05);
        expect(dragged.width >= 0.5 && dragged.height >= 0.5).toBe(true);
      }),
    );
  });

  it("keep the proportions with Shift or with the lock, and stay inside the image", () => {
    fc.assert(
      fc.property(boxes, fc.constantFrom(...HANDLES), place, fc.boolean(), (box, key, to, constrain) => {
        const straight = { ...box, rotation: 0 };
        const dragged = boxEditor.drag(straight, key, to, SIZE, { constrain, proportions: !constrain });
        fc.pre(dragged.width > 5 && dragged.height > 5);
        expect(Math.abs(dragged.width / dragged.height / (box.width / box.height) - 1)).toBeLessThan(0.02);
        const [minX, minY, maxX, maxY] = bounds(dragged) ?? [];
        expect([(minX ?? -1) >= -0.01, (minY ?? -1) >= -0.01, (maxX ?? 999) <= SIZE.width + 0.01, (maxY ?? 999) <= SIZE.height + 0.01]).toEqual([true, true, true, true]);
      }),
    );
  });

  it("turn it about its centre, with Shift in steps of 15 degrees", () => {
    fc.assert(
      fc.property(boxes, place, (box, to) => {
        const turned = boxEditor.drag(box, "turn", to, SIZE, { constrain: true, proportions: false });
        expect(turned.rotation % 15).toBe(0);
        expect([turned.width, turned.height]).toEqual([box.width, box.height]);
      }),
    );
    const right = boxEditor.drag(plain, "turn", [300, 120], SIZE);
    expect(right.rotation).toBe(90);
    expect(centre(right)).toEqual(centre(plain));
  });

  it("turn it by a drag in the select mode, from a handle that stands off the box", () => {
    const page = sessionOf([humanAnnotation("b", 1, plain)]);
    click(page, [140, 120]);
    page.alive.move(inputAt([140, 120]));
    const turn = page.store.getState().overlay.handles.find(({ role }) => role === "turn");
    expect(turn && plain.y - turn.at[1]).toBeGreaterThan(14);
    drag(page, [turn?.at ?? [0, 0], [240, 118]], { shift: true });
    expect(shapeOf<BoxShape>(page, "b").rotation).toBe(90);
  });
});

describe("keys", () => {
  it("turn a box and turn it back to what it was", () => {
    fc.assert(
      fc.property(boxes, fc.constantFrom(1, 15), (box, degrees) => {
        const inside = { ...box, x: 150, y: 120 };
        const there = turnBoxes(documentWith(inside), ["b"], degrees, SIZE);
        expect(boxIn(turnBoxes(there, ["b"], -degrees, SIZE))).toEqual(inside);
      }),
    );
  });

  it("resize a box and back, not below a pixel and not beyond the image", () => {
    const wider = resizeBoxes(documentWith(plain), ["b"], 10, 1, SIZE);
    expect(boxIn(wider)).toMatchObject({ x: 100, y: 100, width: 90, height: 41 });
    expect(boxIn(resizeBoxes(wider, ["b"], -10, -1, SIZE))).toEqual(plain);
    expect(boxIn(resizeBoxes(documentWith(plain), ["b"], -500, -500, SIZE))).toMatchObject({ width: 1, height: 1 });
    expect(boxIn(resizeBoxes(documentWith(plain), ["b"], 500, 500, SIZE))).toMatchObject({ width: 300, height: 200 });
    const turned = { ...plain, rotation: 30 };
    expect(distance(corners(boxIn(resizeBoxes(documentWith(turned), ["b"], 10, 1, SIZE)))[0], corners(turned)[0])).toBeLessThan(0.02);
  });
});

describe("drawing boxes", () => {
  it("takes four extreme points in any order, one back at a time", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray<Point>([[120, 40], [60, 90], [130, 160], [200, 100]], { minLength: 4, maxLength: 4 }), (points) => {
        const page = sessionOf([], "draw-box-extremes");
        click(page, [5, 5]);
        page.key(press("Backspace"));
        for (const at of points) click(page, at);
        expect(shapeOf<BoxShape>(page, "new1")).toEqual({ type: "box", x: 60, y: 40, width: 140, height: 120, rotation: 0 });
      }),
    );
  });

  it("draws a turned box by a side and its height, on either side of it", () => {
    fc.assert(
      fc.property(boxes, fc.boolean(), (box, below) => {
        const page = sessionOf([], "draw-box-turned");
        const [a, b, c, d] = corners({ ...box, x: 150, y: 120 });
        for (const at of below ? [a, b, c] : [d, c, b]) click(page, at);
        const drawn = shapeOf<BoxShape>(page, "new1");
        const [p, q, r, s] = corners(drawn);
        const wanted = below ? [a, b, c, d] : [d, c, b, a];
        const got = below ? [p, q, r, s] : [s, r, q, p];
        got.forEach((at, index) => expect(distance(at, wanted[index] ?? [NaN, NaN])).toBeLessThan(0.1));
      }),
    );
  });

  it("holds the first side to 15 degrees with Shift", () => {
    const page = sessionOf([], "draw-box-turned");
    click(page, [100, 100]);
    click(page, [200, 128], { shift: true });
    click(page, [180, 200]);
    expect(shapeOf<BoxShape>(page, "new1").rotation).toBe(15);
  });

  it("keeps the ratio that the lock says, inside the image", () => {
    const page = sessionOf([], "draw-box");
    page.settings.set(KEEP_PROPORTIONS, true);
    page.settings.set(RATIO, 2);
    drag(page, [[10, 10], [110, 20]]);
    expect(shapeOf<BoxShape>(page, "new1")).toMatchObject({ x: 10, y: 10, width: 100, height: 50 });
    drag(page, [[300, 250], [500, 260]]);
    expect(shapeOf<BoxShape>(page, "new2")).toMatchObject({ x: 300, y: 250, width: 100, height: 50 });
    drag(page, [[10, 100], [60, 120]], { shift: true });
    expect(shapeOf<BoxShape>(page, "new3")).toMatchObject({ width: 50, height: 50 });
  });
});
