import { describe, expect, it } from "vitest";
import { humanAnnotation } from "@/actions/annotations";
import { annotationsOf, documentOf } from "@/core/document";
import type { Annotation, Point } from "@/core/types";
import type { BoxShape } from "@/shapes/box/shape";
import type { PolygonShape } from "@/shapes/polygon/shape";
import { polygonOf } from "@/shapes/polygon/geometry";
import type { KeyPress, PointerInput } from "../core/mode";
import { Session } from "./session";

const SIZE = { width: 400, height: 300 };
const box = (id: string, x: number, y: number, side = 40): Annotation => humanAnnotation(id, 1, { type: "box", x, y, width: side, height: side, rotation: 0 });
const at = (x: number, y: number, more: Partial<PointerInput> = {}): PointerInput => ({ at: [x, y], reach: 5, shift: false, alt: false, ctrl: false, ...more });
const key = (name: string, more: Partial<KeyPress> = {}): KeyPress => ({ key: name, shift: false, ctrl: false, alt: false, ...more });

function session(annotations: Annotation[] = [], mode = "select"): Session {
  let made = 0;
  return new Session({ size: SIZE, document: documentOf(annotations), label: 1, thresholds: { all: 0.5, byLabel: {} }, mode, newId: () => `new${++made}` });
}

describe("what was changed elsewhere", () => {
  it("is taken in without being a step: undo and redo leave it alone", () => {
    const page = session([box("a", 0, 0)]);
    page.apply("Drew", (document) => documentOf([...document.values(), box("mine", 50, 50)]));
    page.undo();
    page.takeIn({ upsert: [box("theirs", 90, 90)], delete: ["a"] });
    expect(annotationsOf(page.document())).toEqual([box("theirs", 90, 90)]);
    page.redo();
    expect(annotationsOf(page.document()).map(({ id }) => id).sort()).toEqual(["mine", "theirs"]);
    page.undo();
    page.undo();
    expect(annotationsOf(page.document())).toEqual([box("theirs", 90, 90)]);
  });
});

/** What the gestures do: press, drag and release, with a click where nothing wandered. */
function drag(on: Session, from: Point, to: Point): boolean {
  const taken = on.alive.press(at(...from));
  if (!taken) return false;
  on.alive.drag(at(...to));
  on.alive.release(at(...to));
  return true;
}

function click(on: Session, x: number, y: number, more: Partial<PointerInput> = {}): void {
  if (on.alive.press(at(x, y, more))) on.alive.release(at(x, y, more));
  on.alive.click(at(x, y, more));
}

const shapeOf = <S>(on: Session, id: string): S => on.document().get(id)?.shape as S;

describe("selecting", () => {
  it("takes the smallest object under the pointer, and what lies below with Alt", () => {
    const page = session([box("large", 0, 0, 200), box("small", 50, 50)]);
    click(page, 60, 60);
    expect(page.selection()).toEqual(["small"]);
    click(page, 60, 60, { alt: true });
    expect(page.selection()).toEqual(["large"]);
    click(page, 300, 250);
    expect(page.selection()).toEqual([]);
  });

  it("adds with Shift", () => {
    const page = session([box("a", 0, 0), box("b", 100, 0)]);
    click(page, 20, 20);
    click(page, 120, 20, { shift: true });
    expect(page.selection()).toEqual(["a", "b"]);
  });

  it("does not see drafts below the threshold", () => {
    const page = session([{ ...box("a", 0, 0), origin: "prediction", review: "draft", confidence: 0.3 }]);
    click(page, 20, 20);
    expect(page.selection()).toEqual([]);
    page.setThresholds({ all: 0.2, byLabel: {} });
    click(page, 20, 20);
    expect(page.selection()).toEqual(["a"]);
    page.setThresholds({ all: 0.9, byLabel: {} });
    expect(page.selection()).toEqual([]);
  });

  it("moves what is selected, and lets the view pan where nothing is", () => {
    const page = session([box("a", 0, 0), box("b", 100, 100)]);
    expect(drag(page, [20, 20], [50, 50])).toBe(false);
    click(page, 20, 20);
    expect(drag(page, [20, 20], [50, 40])).toBe(true);
    expect(shapeOf<BoxShape>(page, "a")).toMatchObject({ x: 30, y: 20 });
    page.undo();
    expect(shapeOf<BoxShape>(page, "a")).toMatchObject({ x: 0, y: 0 });
  });

  it("reshapes a box by its handles, as one step of the history", () => {
    const page = session([box("a", 0, 0)]);
    click(page, 20, 20);
    drag(page, [40, 40], [90, 70]);
    expect(shapeOf<BoxShape>(page, "a")).toMatchObject({ x: 0, y: 0, width: 90, height: 70 });
    page.undo();
    expect(shapeOf<BoxShape>(page, "a")).toMatchObject({ width: 40, height: 40 });
  });

  it("gives a drag up with Escape", () => {
    const page = session([box("a", 0, 0)]);
    click(page, 20, 20);
    page.alive.press(at(20, 20));
    page.alive.drag(at(80, 80));
    expect(page.key(key("Escape"))).toBe(true);
    page.alive.release(at(80, 80));
    expect(shapeOf<BoxShape>(page, "a")).toMatchObject({ x: 0, y: 0 });
  });
});

describe("drawing", () => {
  it("makes one box after the other with the label in hand", () => {
    const page = session([], "draw-box");
    drag(page, [10, 10], [60, 50]);
    page.store.setState({ label: 2 });
    drag(page, [100, 100], [150, 160]);
    expect(annotationsOf(page.document()).map(({ id, label, origin }) => [id, label, origin])).toEqual([["new1", 1, "human"], ["new2", 2, "human"]]);
    expect(page.selection()).toEqual(["new2"]);
  });

  it("gives the key's label to the object just drawn and to the next one", () => {
    const page = session([], "draw-box");
    drag(page, [10, 10], [60, 50]);
    page.setLabel(3);
    drag(page, [100, 100], [150, 160]);
    expect(annotationsOf(page.document()).map(({ label }) => label)).toEqual([3, 3]);
  });

  it("shows a hidden label again when something is drawn with it", () => {
    const page = session([box("other", 200, 200)], "draw-box");
    page.setVisibility({ hiddenLabels: new Set([1, 2]) });
    drag(page, [10, 10], [60, 50]);
    expect([...page.store.getState().hiddenLabels]).toEqual([2]);
    expect(page.selection()).toEqual(["new1"]);
    expect(page.store.getState().notice).not.toBe("");
  });

  it("draws a polygon by clicks, keys and a double click", () => {
    const page = session([], "draw-polygon");
    for (const [x, y] of [[10, 10], [90, 10], [90, 90], [200, 200]] as const) click(page, x, y);
    page.key(key("Backspace"));
    page.key(key("Enter"));
    expect(shapeOf<PolygonShape>(page, "new1")).toEqual(polygonOf([[10, 10], [90, 10], [90, 90]]));
  });

  it("ends the sketch with Escape, then the mode", () => {
    const page = session([], "draw-polygon");
    click(page, 10, 10);
    page.key(key("Escape"));
    expect(page.store.getState().mode).toBe("draw-polygon");
    page.key(key("Escape"));
    expect(page.store.getState().mode).toBe("select");
    expect(page.document().size).toBe(0);
  });

  it("leaves Ctrl+Enter to the page", () => {
    expect(session([], "draw-polygon").key(key("Enter", { ctrl: true }))).toBe(false);
  });
});

describe("editing vertices", () => {
  const square = humanAnnotation("p", 1, polygonOf([[10, 10], [110, 10], [110, 110], [10, 110]]));
  const editing = (): Session => {
    const page = session([square, box("other", 200, 200)]);
    page.select(["p"]);
    page.setMode("edit");
    return page;
  };
  const ring = (page: Session): readonly Point[] => shapeOf<PolygonShape>(page, "p").polygons[0]?.[0] ?? [];

  it("drags a vertex", () => {
    const page = editing();
    drag(page, [110, 110], [150, 140]);
    expect(ring(page)[2]).toEqual([150, 140]);
  });

  it("adds one where an edge is pressed and drags it on", () => {
    const page = editing();
    drag(page, [60, 11], [60, 40]);
    expect(ring(page)).toHaveLength(6);
    expect(ring(page)[1]).toEqual([60, 40]);
  });

  it("deletes the vertex under the pointer, not the object", () => {
    const page = editing();
    page.alive.move(at(110, 110));
    expect(page.alive.act?.("delete")).toBe(true);
    expect(ring(page)).toHaveLength(4);
    expect(page.document().has("p")).toBe(true);
  });

  it("goes on with another object by a click, and ends by a click on nothing", () => {
    const page = editing();
    click(page, 220, 220);
    expect(page.selection()).toEqual(["other"]);
    expect(page.store.getState().mode).toBe("edit");
    click(page, 380, 20);
    expect(page.store.getState().mode).toBe("select");
  });

  it("makes a draft the person's own", () => {
    const page = session([{ ...square, origin: "prediction", review: "draft", confidence: 0.8 }]);
    page.select(["p"]);
    page.setMode("edit");
    drag(page, [110, 110], [150, 140]);
    expect(page.document().get("p")).toMatchObject({ origin: "human", review: "accepted" });
  });
});
