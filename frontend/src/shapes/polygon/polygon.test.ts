import { describe, expect, it } from "vitest";
import { humanAnnotation } from "@/actions/annotations";
import { documentOf } from "@/core/document";
import { ringContains } from "@/core/geometry";
import type { Annotation, Part, Point } from "@/core/types";
import type { EditMode } from "@/modes/edit";
import { SNAP, TRACE } from "@/modes/path/settings";
import { click, drag, inputAt, press, sessionOf, shapeOf } from "@/modes/testing";
import type { Session } from "@/modes/session";
import { addHole, addPart, fillHoles, gather, holeRefusal, intersect, join, separateParts, simplify, splitBy, subtract } from "./actions";
import { polygonCommands } from "./commands";
import { polygonEditor } from "./editor";
import { area, polygonOf } from "./geometry";
import type { PolygonShape } from "./shape";
import { SPLIT_INTO_PARTS } from "./settings";

const rectangle = (x0: number, y0: number, x1: number, y1: number): Point[] => [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
const ring = (x0: number, y0: number, x1: number, y1: number): Point[] => [...rectangle(x0, y0, x1, y1), [x0, y0]];
const polygon = (id: string, x0: number, y0: number, x1: number, y1: number, label = 1): Annotation => ({ ...humanAnnotation(id, label, polygonOf(rectangle(x0, y0, x1, y1))), attributes: { of: id } });
const partsOf = (on: Session, id: string): readonly Part[] => shapeOf<PolygonShape>(on, id).polygons;
const run = (on: Session, id: string): void => {
  const command = polygonCommands.find((candidate) => candidate.id === id);
  if (!command?.when(on)) throw new Error(`${id} cannot be done: ${command?.blocked(on)}`);
  command.run(on);
};
const blocked = (on: Session, id: string): string | null => polygonCommands.find((candidate) => candidate.id === id)?.blocked(on) ?? null;
const draw = (on: Session, points: readonly Point[]): void => points.forEach((point) => click(on, point));

describe("drawing polygons", () => {
  it("closes by Enter, by a double click, by the first corner, and by the command behind N", () => {
    const triangle: readonly Point[] = [[10, 10], [100, 10], [50, 80]];
    for (const close of [
      (on: Session) => on.key(press("Enter")),
      (on: Session) => on.alive.doubleClick(inputAt([50, 80])),
      (on: Session) => click(on, [12, 12]),
      (on: Session) => on.alive.act?.("close"),
    ]) {
      const page = sessionOf([], "draw-polygon");
      draw(page, triangle);
      close(page);
      expect(shapeOf<PolygonShape>(page, "new1")).toEqual(polygonOf(triangle));
      expect(page.store.getState().mode).toBe("draw-polygon");
    }
  });

  it("takes corners back one by one, and whole strokes at once", () => {
    const page = sessionOf([], "draw-polygon");
    draw(page, [[10, 10], [90, 10]]);
    drag(page, [[90, 10], [100, 40], [120, 80], [60, 120]], { shift: true });
    page.key(press("Backspace"));
    draw(page, [[90, 90]]);
    page.key(press("Enter"));
    expect(shapeOf<PolygonShape>(page, "new1")).toEqual(polygonOf([[10, 10], [90, 10], [90, 90]]));
  });

  it("keeps what is closed when another tool is taken up, and refuses what encloses nothing", () => {
    const page = sessionOf([], "draw-polygon");
    draw(page, [[10, 10], [100, 10], [50, 80]]);
    page.setMode("draw-box");
    expect(page.document().size).toBe(1);
    page.setMode("draw-polygon");
    draw(page, [[10, 10], [50, 50], [100, 100]]);
    page.key(press("Enter"));
    expect(page.document().size).toBe(1);
    expect(page.store.getState().notice).toContain("enclose nothing");
  });

  it("draws freehand with Shift, and with a pen", () => {
    for (const more of [{ shift: true }, { pointer: "pen" as const }]) {
      const page = sessionOf([], "draw-polygon");
      expect(drag(page, Array.from({ length: 60 }, (_, at): Point => [200 + 80 * Math.cos(at / 10), 150 + 80 * Math.sin(at / 10)]), more)).toBe(true);
      page.key(press("Enter"));
      const shape = shapeOf<PolygonShape>(page, "new1");
      expect(area(shape)).toBeGreaterThan(0.95 * Math.PI * 80 * 80);
      expect(shape.polygons[0]?.[0]?.length).toBeLessThan(45);
    }
  });

  it("lets a drag without a key pan the view", () => {
    expect(drag(sessionOf([], "draw-polygon"), [[10, 10], [50, 50]])).toBe(false);
  });
});

describe("snapping", () => {
  const neighbour = polygon("n", 100, 100, 200, 200);
  const drawn = (more = {}, on = true): readonly Point[] => {
    const page = sessionOf([neighbour], "draw-polygon");
    page.settings.set(SNAP, on);
    for (const corner of [[203, 104], [300, 103], [196.5, 150.123], [398, 296]] as const) click(page, corner, more);
    page.key(press("Enter"));
    return partsOf(page, "new1")[0]?.[0] ?? [];
  };

  it("takes vertices before edges, and the border of the image", () => {
    expect(drawn().slice(0, 4)).toEqual([[200, 100], [300, 103], [200, 150.12], [400, 300]]);
  });

  it("is suspended by Ctrl and turned off by its switch", () => {
    expect(drawn({ ctrl: true })[0]).toEqual([203, 104]);
    expect(drawn({}, false)[0]).toEqual([203, 104]);
  });
});

describe("following a neighbour's border", () => {
  const neighbour = humanAnnotation("n", 1, polygonOf([[100, 100], [150, 90], [200, 100], [200, 200], [100, 200]]));
  const corners = (page: Session): string[] => (partsOf(page, "new1")[0]?.[0] ?? []).map(String);

  it("passes the neighbour's own vertices the way the pointer went, by click and click", () => {
    const page = sessionOf([neighbour], "draw-polygon");
    click(page, [100, 100], { alt: true });
    page.alive.move(inputAt([150, 92]));
    click(page, [200, 100]);
    draw(page, [[200, 30], [100, 30]]);
    page.key(press("Enter"));
    expect(corners(page)).toEqual(["100,100", "150,90", "200,100", "200,30", "100,30", "100,100"]);
  });

  it("does the same in one drag, and with the switch instead of the key", () => {
    const page = sessionOf([neighbour], "draw-polygon");
    page.settings.set(TRACE, true);
    drag(page, [[100, 100], [150, 90], [199, 101]]);
    page.settings.set(TRACE, false);
    draw(page, [[200, 30], [100, 30]]);
    page.key(press("Enter"));
    expect(corners(page)).toEqual(["100,100", "150,90", "200,100", "200,30", "100,30", "100,100"]);
  });

  it("goes the other way round with Tab", () => {
    const page = sessionOf([neighbour], "draw-polygon");
    click(page, [100, 100], { alt: true });
    page.alive.move(inputAt([150, 92]));
    page.alive.move(inputAt([200, 100]));
    expect(page.key(press("Tab"))).toBe(true);
    click(page, [200, 100]);
    page.key(press("Enter"));
    expect(corners(page)).toEqual(["100,100", "100,200", "200,200", "200,100", "100,100"]);
  });

  it("begins and leaves on edges too, on the border to a hundredth of a pixel", () => {
    const page = sessionOf([neighbour], "draw-polygon");
    click(page, [201, 130.777], { alt: true });
    page.alive.move(inputAt([199, 150]));
    click(page, [201, 171.333]);
    draw(page, [[260, 150]]);
    page.key(press("Enter"));
    expect(corners(page)).toEqual(["200,130.78", "200,171.33", "260,150", "200,130.78"]);
  });
});

describe("parts and holes", () => {
  it("adds them to the selected object and comes back to where the person was", () => {
    const page = sessionOf([polygon("p", 50, 50, 150, 150)]);
    page.select(["p"]);
    page.setMode("edit");
    run(page, "polygon-hole");
    draw(page, rectangle(80, 80, 120, 120));
    page.key(press("Enter"));
    expect(page.store.getState().mode).toBe("edit");
    run(page, "polygon-part");
    draw(page, rectangle(90, 90, 110, 110));
    page.key(press("Enter"));
    expect(partsOf(page, "p").map((part) => part.length)).toEqual([2, 1]);
    expect(area(shapeOf(page, "p"))).toBe(10_000 - 1600 + 400);
    expect(page.document().size).toBe(1);
    page.undo();
    page.undo();
    expect(shapeOf<PolygonShape>(page, "p")).toEqual(polygonOf(rectangle(50, 50, 150, 150)));
  });

  it("closes what is being drawn first: a polygon, G, its second part", () => {
    const page = sessionOf([], "draw-polygon");
    draw(page, rectangle(20, 20, 60, 60));
    run(page, "polygon-part");
    draw(page, rectangle(100, 20, 140, 60));
    page.key(press("Enter"));
    draw(page, rectangle(200, 20, 240, 60));
    page.key(press("Enter"));
    expect(partsOf(page, "new1")).toHaveLength(2);
    expect(partsOf(page, "new2")).toHaveLength(1);
  });

  it("refuses a hole that leaves the object, says so, and keeps the stroke", () => {
    const page = sessionOf([polygon("p", 50, 50, 150, 150)]);
    page.select(["p"]);
    run(page, "polygon-hole");
    draw(page, rectangle(140, 80, 200, 120));
    page.key(press("Enter"));
    expect(page.store.getState().notice).toContain("A hole lies inside its object");
    expect(partsOf(page, "p")[0]).toHaveLength(1);
    for (let back = 0; back < 4; back += 1) page.key(press("Backspace"));
    draw(page, rectangle(80, 80, 120, 120));
    page.key(press("Enter"));
    expect(partsOf(page, "p")[0]).toHaveLength(2);
  });

  it("lets a part that overlaps its object grow it, and a hole swallow a hole", () => {
    const document = documentOf([polygon("p", 0, 0, 100, 100)]);
    const grown = addPart(document, "p", ring(50, 0, 150, 100)).get("p")?.shape as PolygonShape;
    expect(grown.polygons).toHaveLength(1);
    expect(area(grown)).toBe(15_000);
    const holed = addHole(addHole(document, "p", ring(20, 20, 40, 40)), "p", ring(10, 10, 50, 50)).get("p")?.shape as PolygonShape;
    expect(holed.polygons[0]).toHaveLength(2);
    expect(area(holed)).toBe(10_000 - 1600);
    expect(holeRefusal(holed, ring(15, 15, 30, 30))).toBe("There is a hole already.");
  });
});

describe("cutting, joining, subtracting", () => {
  it("cuts along a drawn line: the largest keeps its identity, the others keep label and attributes", () => {
    const page = sessionOf([polygon("p", 50, 50, 150, 150, 7)]);
    page.select(["p"]);
    run(page, "polygon-split");
    draw(page, [[80, 20], [80, 180]]);
    page.key(press("Enter"));
    expect([...page.document().values()].map(({ id, label, attributes }) => [id, label, attributes])).toEqual([["p", 7, { of: "p" }], ["new1", 7, { of: "p" }]]);
    expect([area(shapeOf(page, "p")), area(shapeOf(page, "new1"))]).toEqual([7000, 3000]);
    expect(page.selection()).toEqual(["p", "new1"]);
    expect(page.store.getState().mode).toBe("select");
    page.undo();
    expect(page.document().size).toBe(1);
  });

  it("cuts into parts of one object when told, and says when a line cuts nothing", () => {
    const page = sessionOf([polygon("p", 50, 50, 150, 150)]);
    page.settings.set(SPLIT_INTO_PARTS, true);
    page.select(["p"]);
    run(page, "polygon-split");
    draw(page, [[80, 20], [80, 100]]);
    page.key(press("Enter"));
    expect(page.store.getState().notice).toContain("does not cross");
    draw(page, [[80, 180]]);
    page.key(press("Enter"));
    expect(partsOf(page, "p")).toHaveLength(2);
    expect(page.document().size).toBe(1);
  });

  it("joins into the first selected, which keeps its identity; shared borders vanish", () => {
    const document = join(documentOf([polygon("a", 0, 0, 50, 50, 1), polygon("b", 50, 0, 100, 50, 2)]), ["b", "a"]);
    expect([...document.keys()]).toEqual(["b"]);
    expect(document.get("b")).toMatchObject({ label: 2, attributes: { of: "b" } });
    expect((document.get("b")?.shape as PolygonShape).polygons[0]?.[0]).toHaveLength(5);
  });

  it("subtracts the last selected from the others, which it leaves alone; what is covered goes", () => {
    const document = subtract(documentOf([polygon("a", 0, 0, 100, 100), polygon("b", 40, 40, 60, 60), polygon("c", 45, 45, 55, 55)]), ["a", "c"], ["b"]);
    expect([...document.keys()]).toEqual(["a", "b"]);
    expect((document.get("a")?.shape as PolygonShape).polygons[0]).toHaveLength(2);
    expect(area(document.get("b")?.shape as PolygonShape)).toBe(400);
  });

  it("subtracts the neighbours from the selection by one command", () => {
    const page = sessionOf([polygon("a", 50, 50, 150, 150), polygon("b", 140, 50, 200, 150), polygon("c", 20, 50, 60, 150), polygon("far", 300, 200, 340, 240)]);
    page.select(["a"]);
    run(page, "polygon-neighbours");
    expect(shapeOf<PolygonShape>(page, "a").polygons[0]?.[0]).toHaveLength(5);
    expect(area(shapeOf(page, "a"))).toBe(80 * 100);
    expect(area(shapeOf(page, "b"))).toBe(6000);
  });

  it("keeps only what all cover, and changes nothing where that is nothing", () => {
    const both = documentOf([polygon("a", 0, 0, 60, 60), polygon("b", 40, 40, 100, 100)]);
    expect(area(intersect(both, ["a", "b"]).get("a")?.shape as PolygonShape)).toBe(400);
    const apart = documentOf([polygon("a", 0, 0, 10, 10), polygon("b", 40, 40, 100, 100)]);
    expect(intersect(apart, ["a", "b"])).toBe(apart);
  });

  it("makes parts of objects and objects of parts", () => {
    const before = documentOf([polygon("a", 0, 0, 10, 10), polygon("b", 40, 40, 100, 100)]);
    const gathered = gather(before, ["a", "b"]);
    expect([...gathered.keys()]).toEqual(["a"]);
    const apart = separateParts(gathered, ["a"], () => "fresh");
    expect([...apart.values()].map(({ id, shape }) => [id, area(shape as PolygonShape)])).toEqual([["a", 100], ["fresh", 3600]]);
  });

  it("fills holes, and makes a draft that it changes the person's own", () => {
    const draft: Annotation = { ...polygon("p", 0, 0, 100, 100), origin: "prediction", review: "draft", confidence: 0.7 };
    const holed = addHole(documentOf([draft]), "p", ring(20, 20, 40, 40));
    expect(holed.get("p")).toMatchObject({ origin: "human", review: "accepted", confidence: null });
    expect(area(fillHoles(holed, ["p"]).get("p")?.shape as PolygonShape)).toBe(10_000);
    const cut = splitBy(documentOf([draft]), ["p"], [[50, -10], [50, 110]], "objects", () => "fresh");
    expect([...cut.values()].map(({ origin }) => origin)).toEqual(["human", "human"]);
  });

  it("simplifies within the tolerance and keeps the identity", () => {
    const many = Array.from({ length: 400 }, (_, at): Point => [200 + 90 * Math.cos((at / 400) * 2 * Math.PI), 150 + 90 * Math.sin((at / 400) * 2 * Math.PI)]);
    const document = simplify(documentOf([humanAnnotation("p", 1, polygonOf(many))]), ["p"], 1);
    const left = (document.get("p")?.shape as PolygonShape).polygons[0]?.[0] ?? [];
    expect(left.length).toBeLessThan(40);
    expect(ringContains(left, [200, 150])).toBe(true);
  });

  it("says why something cannot be done", () => {
    const page = sessionOf([polygon("a", 0, 0, 50, 50), humanAnnotation("box", 1, { type: "box", x: 0, y: 0, width: 9, height: 9, rotation: 0 })]);
    expect(blocked(page, "polygon-join")).toContain("Select at least two polygons");
    page.select(["a", "box"]);
    expect(blocked(page, "polygon-join")).toContain("Only polygons");
    page.select(["a"]);
    expect(blocked(page, "polygon-fill")).toContain("no hole");
    page.setLocked(new Set(["a"]));
    expect(blocked(page, "polygon-split")).not.toBeNull();
  });
});

describe("editing vertices", () => {
  const editing = (annotations = [polygon("p", 50, 50, 150, 150)]): Session => {
    const page = sessionOf(annotations);
    page.select(["p"]);
    page.setMode("edit");
    return page;
  };
  const shell = (page: Session): readonly Point[] => partsOf(page, "p")[0]?.[0] ?? [];
  const edit = (page: Session): EditMode => page.alive as EditMode;

  it("puts a vertex on the border of the image when the pointer is outside beside it", () => {
    const page = editing([polygon("p", 0, 50, 150, 150)]);
    click(page, [-20, 100]);
    expect(shell(page)).toContainEqual([0, 100]);
    expect(shell(page)).toHaveLength(6);
  });

  it("marks several by Shift or by a frame, moves them together, nudges and deletes them", () => {
    const page = editing();
    click(page, [50, 50], { shift: true });
    click(page, [150, 50], { shift: true });
    expect(edit(page).meant()).toEqual(["0.0.0", "0.0.1"]);
    drag(page, [[150, 50], [150, 30]]);
    expect(shell(page)).toEqual([[50, 30], [150, 30], [150, 150], [50, 150], [50, 30]]);
    expect(edit(page).nudge([0, -10])).toBe(true);
    expect(edit(page).nudge([0, -10])).toBe(true);
    expect(shell(page)[0]).toEqual([50, 10]);
    page.undo();
    expect(shell(page)[0]).toEqual([50, 30]);
    page.key(press("Escape"));
    drag(page, [[30, 130], [70, 170]], { shift: true });
    page.alive.move(inputAt([250, 250]));
    expect(edit(page).meant()).toEqual(["0.0.3"]);
    page.alive.act?.("delete");
    expect(shell(page)).toHaveLength(4);
  });

  it("takes vertices away by Alt and click, and by clicks after R", () => {
    const page = editing();
    click(page, [150, 150], { alt: true });
    expect(shell(page)).toHaveLength(4);
    page.undo();
    expect(page.alive.act?.("remove")).toBe(true);
    click(page, [50, 50]);
    expect(shell(page)).not.toContainEqual([50, 50]);
    page.key(press("Escape"));
    expect(page.store.getState().mode).toBe("edit");
  });

  it("snaps a dragged vertex to a neighbour, not to its own object", () => {
    const page = editing([polygon("p", 50, 50, 150, 150), polygon("n", 200, 50, 300, 150)]);
    drag(page, [[150, 50], [197, 53]]);
    expect(shell(page)[1]).toEqual([200, 50]);
    drag(page, [[200, 50], [147, 148]]);
    expect(shell(page)[1]).toEqual([147, 148]);
  });

  it("finds a crossing while a vertex is dragged, and does not block it", () => {
    const page = editing();
    page.alive.press(inputAt([50, 50]));
    page.alive.drag(inputAt([250, 120]));
    const [dragged] = page.store.getState().preview;
    expect(polygonEditor.crossings?.(dragged?.shape as PolygonShape, ["0.0.0"]).map(([x]) => x)).toEqual([150]);
    page.alive.release(inputAt([250, 120]));
    expect(shell(page)[0]).toEqual([250, 120]);
    expect(polygonEditor.crossings?.(shapeOf(page, "p"))).toHaveLength(1);
  });

  it("edits a hole like any ring", () => {
    const page = editing();
    page.apply("hole", (document) => addHole(document, "p", ring(80, 80, 120, 120)));
    drag(page, [[80, 80], [70, 75]]);
    drag(page, [[100, 120], [100, 130]]);
    expect(partsOf(page, "p")[0]?.[1]).toContainEqual([70, 75]);
    expect(partsOf(page, "p")[0]?.[1]).toContainEqual([100, 130]);
    expect(partsOf(page, "p")[0]?.[1]).toHaveLength(6);
  });

  it("leaves a locked object alone", () => {
    const page = editing();
    page.setLocked(new Set(["p"]));
    expect(drag(page, [[50, 50], [20, 20]])).toBe(false);
    expect(shell(page)[0]).toEqual([50, 50]);
  });
});
