import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { humanAnnotation } from "@/actions/annotations";
import { documentOf } from "@/core/document";
import { distance } from "@/core/geometry";
import type { KeyPress, PointerInput } from "@/core/mode";
import { readSkeleton, sideOf, sideOfEdge, templateBy, templateIn, type Skeleton } from "@/core/skeleton";
import type { Annotation, Point } from "@/core/types";
import { Session } from "@/modes/session";
import { absent, completed, mirrored, missingNames, visibilityToggled, withoutPoint, withPoint } from "./actions";
import { pointsCommands } from "./commands";
import { Guide } from "./guide";
import type { NamedPoint, PointsShape } from "./shape";

const SIZE = { width: 400, height: 300 };
const FACE: Skeleton = {
  points: [{ name: "nose", x: 0.5, y: 0.5 }, { name: "left_eye", x: 0.7, y: 0.25 }, { name: "right_eye", x: 0.3, y: 0.25 }, { name: "left_ear", x: 0.9, y: 0.4 }, { name: "right_ear", x: 0.1, y: 0.4 }],
  edges: [["nose", "left_eye"], ["nose", "right_eye"], ["left_eye", "left_ear"], ["right_eye", "left_eye"]],
  flip: [["left_eye", "right_eye"], ["left_ear", "right_ear"]],
};
const NAMES = FACE.points.map(({ name }) => name);

const coordinate = (limit: number) => fc.integer({ min: 0, max: limit * 4 }).map((n) => n / 4);
const place = fc.tuple(coordinate(SIZE.width), coordinate(SIZE.height)).map(([x, y]): Point => [x, y]);
const faces = fc.array(fc.record({ at: place, v: fc.constantFrom(0, 1, 2) }), { minLength: 5, maxLength: 5 }).map(
  (points): PointsShape => ({ type: "points", points: points.map(({ at: [x, y], v }, index): NamedPoint => (v === 0 ? absent(NAMES[index] ?? "") : { name: NAMES[index] ?? "", x, y, v })) }),
);

describe("points of a skeleton", () => {
  it("are what they were when they are mirrored twice, and each side takes the other's places when mirrored once", () => {
    fc.assert(
      fc.property(faces, (face) => {
        const once = mirrored(face, FACE);
        expect(mirrored(once, FACE)).toEqual(face);
        const at = (shape: PointsShape, name: string) => shape.points.filter((point) => point.name === name).map(({ x, y, v }) => [x, y, v]);
        expect(at(once, "left_eye")).toEqual(at(face, "right_eye"));
        expect(at(once, "nose")).toEqual(at(face, "nose"));
      }),
    );
  });

  it("come back where they are put, in the order of the skeleton", () => {
    fc.assert(
      fc.property(faces, fc.nat({ max: 4 }), place, (face, index, at) => {
        const gone = withoutPoint(face, index, FACE);
        if (!gone) {
          expect(face.points.filter(({ v }, other) => v > 0 && other !== index)).toEqual([]);
          return;
        }
        expect(gone.points[index]).toEqual(absent(NAMES[index] ?? ""));
        expect(missingNames(gone, FACE)).toContain(NAMES[index]);
        const back = withPoint(gone, NAMES[index] ?? "", at, 2, SIZE, FACE);
        expect(back.points.map(({ name }) => name)).toEqual(NAMES);
        expect(back.points[index]).toEqual({ name: NAMES[index], x: at[0], y: at[1], v: 2 });
      }),
    );
  });

  it("hide and show again, and what is not there stays so", () => {
    fc.assert(
      fc.property(faces, fc.nat({ max: 4 }), (face, index) => {
        const once = visibilityToggled(face, index);
        expect(visibilityToggled(once, index)).toEqual(face);
        expect(once.points[index]?.v).toBe([0, 2, 1][face.points[index]?.v ?? 0]);
      }),
    );
  });

  it("have sides, and so have their edges", () => {
    expect([sideOf(FACE, "left_eye"), sideOf(FACE, "right_ear"), sideOf(FACE, "nose")]).toEqual(["left", "right", "middle"]);
    expect(FACE.edges.map((edge) => sideOfEdge(FACE, edge))).toEqual(["left", "right", "left", "middle"]);
  });

  it("are read once from a document", () => {
    const document = { points: [...FACE.points], edges: [["nose", "left_eye"]] };
    expect(readSkeleton(document)).toBe(readSkeleton(document));
    expect(readSkeleton({ points: [] })).toBeNull();
    expect(readSkeleton(undefined)).toBeNull();
  });
});

describe("the template", () => {
  it("fills the box that it is placed in", () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        const box = [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])] as const;
        const places = [...templateIn(FACE, box).values()];
        expect(Math.min(...places.map(([x]) => x))).toBeCloseTo(box[0]);
        expect(Math.max(...places.map(([x]) => x))).toBeCloseTo(box[2]);
        expect(Math.min(...places.map(([, y]) => y))).toBeCloseTo(box[1]);
        expect(Math.max(...places.map(([, y]) => y))).toBeCloseTo(box[3]);
      }),
    );
  });

  it("is found wherever it was moved, turned and scaled to, from any two of its points", () => {
    const turns = fc.record({ degrees: fc.integer({ min: 0, max: 359 }), scale: fc.integer({ min: 5, max: 200 }), to: place });
    fc.assert(
      fc.property(turns, fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 2 }), ({ degrees, scale, to }, names) => {
        const [cos, sin] = [Math.cos((degrees * Math.PI) / 180) * scale, Math.sin((degrees * Math.PI) / 180) * scale];
        const truth = new Map(FACE.points.map(({ name, x, y }): [string, Point] => [name, [to[0] + cos * x - sin * y, to[1] + sin * x + cos * y]]));
        const found = templateBy(FACE, new Map(names.map((name) => [name, truth.get(name) ?? [0, 0]])));
        for (const [name, at] of truth) expect(distance(found?.get(name) ?? [NaN, NaN], at)).toBeLessThan(1e-6);
      }),
    );
    expect(templateBy(FACE, new Map([["nose", [3, 4]]]))).toBeNull();
  });

  it("completes an object from any beginning, with every name once", () => {
    fc.assert(
      fc.property(fc.array(fc.option(place), { maxLength: 5 }), (steps) => {
        const guide = steps.reduce((now, at) => (at ? now.place(at, 2, SIZE) : now.skip()), new Guide(FACE));
        const shape = guide.shape();
        if (steps.every((at) => at === null)) expect(shape).toBeNull();
        else expect(shape?.points.map(({ name }) => name)).toEqual(NAMES);
        expect(guide.next).toBe(NAMES[steps.length] ?? null);
        expect(guide.filled(SIZE).next).toBeNull();
      }),
    );
    expect(completed([absent("nose")], FACE)).toBeNull();
  });
});

const at = (x: number, y: number, more: Partial<PointerInput> = {}): PointerInput => ({ at: [x, y], reach: 5, shift: false, alt: false, ctrl: false, ...more });
const key = (name: string, more: Partial<KeyPress> = {}): KeyPress => ({ key: name, shift: false, ctrl: false, alt: false, ...more });

/** Label 1 has the skeleton, label 2 has none. */
function session(mode: string, annotations: Annotation[] = [], label = 1): Session {
  let made = 0;
  return new Session({ size: SIZE, document: documentOf(annotations), label, thresholds: { all: 0.5, byLabel: {} }, mode, skeletons: new Map([[1, FACE]]), newId: () => `new${++made}` });
}

function click(on: Session, x: number, y: number, more: Partial<PointerInput> = {}): void {
  on.alive.move(at(x, y, more));
  if (on.alive.press(at(x, y, more))) on.alive.release(at(x, y, more));
  on.alive.click(at(x, y, more));
}

/** As a key does it: the first command of the shape whose time it is. */
function command(on: Session, id: string): boolean {
  const found = pointsCommands.find((candidate) => candidate.id === id);
  if (!found?.when(on)) return false;
  found.run(on);
  return true;
}

const shapes = (on: Session): PointsShape[] => [...on.document().values()].map(({ shape }) => shape as PointsShape);

describe("placing points along a skeleton", () => {
  it("asks for one after the other, hidden ones with Alt or H, those not there with Q", () => {
    const page = session("draw-points");
    click(page, 100, 100);
    click(page, 120, 80, { alt: true });
    page.alive.move(at(80, 80));
    expect(command(page, "points-hidden")).toBe(true);
    expect(command(page, "points-absent")).toBe(true);
    expect(shapes(page)).toEqual([]);
    click(page, 60, 90);
    expect(shapes(page).map(({ points }) => points.map(({ name, v }) => [name, v]))).toEqual([[["nose", 2], ["left_eye", 1], ["right_eye", 1], ["left_ear", 0], ["right_ear", 2]]]);
    expect(page.store.getState().mode).toBe("draw-points");
    expect(page.store.getState().overlay.hint).toContain("nose (1 of 5)");
  });

  it("takes back with Backspace, gives up with Escape, and ends early with Enter", () => {
    const page = session("draw-points");
    click(page, 100, 100);
    click(page, 120, 80);
    expect(page.key(key("Backspace"))).toBe(true);
    expect(page.store.getState().overlay.hint).toContain("left_eye (2 of 5)");
    page.key(key("Escape"));
    expect(page.store.getState()).toMatchObject({ mode: "draw-points" });
    click(page, 50, 60);
    page.key(key("Enter"));
    expect(shapes(page)).toHaveLength(1);
    expect(shapes(page)[0]?.points[0]).toEqual({ name: "nose", x: 50, y: 60, v: 2 });
    expect(shapes(page)[0]?.points.slice(1).every(({ v }) => v === 0)).toBe(true);
    page.key(key("Escape"));
    expect(page.store.getState().mode).toBe("select");
  });

  it("places the whole template in a dragged box, and goes on to edit it", () => {
    const page = session("draw-points");
    page.alive.press(at(100, 50));
    page.alive.drag(at(180, 110));
    page.alive.release(at(180, 110));
    const [shape] = shapes(page);
    expect(shape?.points.map(({ x }) => x)).toEqual([140, 160, 120, 180, 100]);
    expect(page.store.getState()).toMatchObject({ mode: "edit", selection: ["new1"] });
    page.undo();
    expect(shapes(page)).toEqual([]);
  });

  it("fills in the rest by the template once two points are there", () => {
    const page = session("draw-points");
    click(page, 150, 150);
    expect(command(page, "points-fill") && shapes(page).length > 0).toBe(false);
    click(page, 170, 125);
    command(page, "points-fill");
    expect(shapes(page)[0]?.points.map(({ name, x, y }) => [name, Math.round(x), Math.round(y)])).toEqual([["nose", 150, 150], ["left_eye", 170, 125], ["right_eye", 130, 125], ["left_ear", 190, 140], ["right_ear", 110, 140]]);
  });
});

describe("placing points without a skeleton", () => {
  it("makes an object of every click", () => {
    const page = session("draw-points", [], 2);
    click(page, 10, 10);
    click(page, 20, 20, { alt: true });
    expect(shapes(page).map(({ points }) => points)).toEqual([[{ name: "", x: 10, y: 10, v: 2 }], [{ name: "", x: 20, y: 20, v: 1 }]]);
    expect(command(page, "points-absent")).toBe(false);
  });

  it("gathers clicks in one object with G, until Enter", () => {
    const page = session("draw-points", [], 2);
    click(page, 10, 10);
    expect(command(page, "points-gather")).toBe(true);
    click(page, 20, 20);
    click(page, 30, 30);
    page.key(key("Enter"));
    click(page, 40, 40);
    expect(shapes(page).map(({ points }) => points.length)).toEqual([3, 1]);
    page.undo();
    page.undo();
    expect(shapes(page).map(({ points }) => points.length)).toEqual([2]);
  });
});

describe("editing points", () => {
  const face: PointsShape = { type: "points", points: NAMES.map((name, index) => ({ name, x: 100 + 20 * index, y: 100, v: 2 })) };
  const editing = (): Session => {
    const page = session("select", [humanAnnotation("f", 1, face)]);
    page.select(["f"]);
    page.setMode("edit");
    return page;
  };
  const now = (page: Session): PointsShape | undefined => page.document().get("f")?.shape as PointsShape | undefined;

  it("drags one point as one step of the history", () => {
    const page = editing();
    expect(page.alive.press(at(121, 100))).toBe(true);
    page.alive.drag(at(130, 90));
    page.alive.drag(at(140, 70));
    page.alive.release(at(140, 70));
    expect(now(page)?.points[1]).toEqual({ name: "left_eye", x: 140, y: 70, v: 2 });
    page.undo();
    expect(now(page)).toEqual(face);
  });

  it("hides, takes away and puts back", () => {
    const page = editing();
    click(page, 120, 100, { alt: true });
    expect(now(page)?.points[1]?.v).toBe(1);
    page.alive.move(at(140, 100));
    command(page, "points-hidden");
    expect(now(page)?.points[2]?.v).toBe(1);
    page.alive.move(at(100, 100));
    page.key(key("Delete"));
    expect(now(page)?.points[0]).toEqual(absent("nose"));
    command(page, "points-add");
    click(page, 50, 60);
    expect(now(page)?.points[0]).toEqual({ name: "nose", x: 50, y: 60, v: 2 });
    command(page, "points-remove");
    click(page, 180, 100);
    click(page, 160, 100);
    expect(now(page)?.points.map(({ v }) => v)).toEqual([2, 1, 1, 0, 0]);
  });

  it("goes with its last point", () => {
    const page = session("select", [humanAnnotation("f", 2, { type: "points", points: [{ name: "", x: 10, y: 10, v: 2 }] })]);
    page.select(["f"]);
    page.setMode("edit");
    page.alive.move(at(10, 10));
    page.key(key("Delete"));
    expect(page.document().size).toBe(0);
    expect(page.store.getState().mode).toBe("select");
  });

  it("reaches every point by Tab, and nudges it", () => {
    const page = editing();
    page.key(key("Tab"));
    page.key(key("Tab"));
    page.key(key("ArrowUp"));
    page.key(key("ArrowRight", { shift: true }));
    expect(now(page)?.points[1]).toMatchObject({ x: 130, y: 99 });
    page.key(key("Tab", { shift: true }));
    expect(page.store.getState().overlay.activeHandle).toBe("0");
    expect(page.key(key("Tab", { shift: true }))).toBe(false);
  });

  it("swaps left and right of everything selected", () => {
    const page = session("select", [humanAnnotation("f", 1, face), humanAnnotation("g", 1, face), humanAnnotation("h", 2, face)]);
    page.select(["f", "g", "h"]);
    command(page, "points-mirror");
    expect(shapes(page).map(({ points }) => points[1]?.name)).toEqual(["right_eye", "right_eye", "left_eye"]);
  });
});
