import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { humanAnnotation } from "@/actions/annotations";
import { documentOf } from "@/core/document";
import type { Annotation, Point } from "@/core/types";
import { click, drag, inputAt, press, sessionOf, shapeOf } from "@/modes/testing";
import type { Session } from "@/modes/session";
import { cut, extend, joinLines } from "./actions";
import { lineCommands } from "./commands";
import { lengthOf, polylineEditor } from "./geometry";
import type { PolylineShape } from "./shape";

const line = (id: string, ...points: readonly Point[]): Annotation => ({ ...humanAnnotation(id, 3, { type: "polyline", points }), attributes: { of: id } });
const pointsOf = (on: Session, id: string): readonly Point[] => shapeOf<PolylineShape>(on, id).points;
const run = (on: Session, id: string): void => {
  const command = lineCommands.find((candidate) => candidate.id === id);
  if (!command?.when(on)) throw new Error(`${id} cannot be done: ${command?.blocked(on)}`);
  command.run(on);
};
const points = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 300 })), { minLength: 2, maxLength: 20, selector: String });

describe("drawing lines", () => {
  it("adds by clicks and ends by Enter, a double click or the command behind N; each next click begins another", () => {
    const page = sessionOf([], "draw-polyline");
    for (const end of [(on: Session) => on.key(press("Enter")), (on: Session) => on.alive.doubleClick(inputAt([90, 40])), (on: Session) => on.alive.act?.("close")]) {
      for (const at of [[10, 10], [60, 30], [90, 40]] as const) click(page, at);
      end(page);
    }
    expect([...page.document().keys()]).toEqual(["new1", "new2", "new3"]);
    expect(pointsOf(page, "new2")).toEqual([[10, 10], [60, 30], [90, 40]]);
  });

  it("makes nothing of one point, and says how long the line is", () => {
    const page = sessionOf([], "draw-polyline");
    click(page, [10, 10]);
    page.key(press("Enter"));
    expect(page.document().size).toBe(0);
    expect(page.store.getState().notice).toContain("two points");
    page.alive.move(inputAt([40, 50]));
    expect(page.store.getState().overlay.hint).toContain("50.0 px");
  });
});

describe("adding points to a line", () => {
  const growing = (): Session => {
    const page = sessionOf([line("l", [100, 100], [200, 100])]);
    page.select(["l"]);
    run(page, "line-extend");
    return page;
  };

  it("joins them to the last point, and comes back", () => {
    const page = growing();
    click(page, [250, 150]);
    click(page, [300, 150]);
    page.key(press("Enter"));
    expect(pointsOf(page, "l")).toEqual([[100, 100], [200, 100], [250, 150], [300, 150]]);
    expect(page.store.getState().mode).toBe("select");
    page.undo();
    expect(pointsOf(page, "l")).toHaveLength(2);
  });

  it("goes on at the first point after a click on it, or Tab", () => {
    for (const choose of [(on: Session) => click(on, [101, 101]), (on: Session) => on.key(press("Tab"))]) {
      const page = growing();
      choose(page);
      click(page, [50, 100]);
      click(page, [20, 150]);
      page.key(press("Enter"));
      expect(pointsOf(page, "l")).toEqual([[20, 150], [50, 100], [100, 100], [200, 100]]);
    }
  });

  it("puts a point into an edge that is clicked", () => {
    const page = growing();
    click(page, [150, 102]);
    expect(pointsOf(page, "l")).toEqual([[100, 100], [150, 100], [200, 100]]);
    page.key(press("Escape"));
    expect(page.store.getState().mode).toBe("select");
  });
});

describe("editing lines", () => {
  const editing = (): Session => {
    const page = sessionOf([line("l", [50, 50], [100, 50], [150, 50], [150, 100])]);
    page.select(["l"]);
    page.setMode("edit");
    return page;
  };

  it("moves a point, inserts one mid-segment, and rejoins where one is removed", () => {
    const page = editing();
    drag(page, [[100, 50], [100, 80]]);
    drag(page, [[150, 75], [180, 75]]);
    expect(pointsOf(page, "l")).toEqual([[50, 50], [100, 80], [150, 50], [180, 75], [150, 100]]);
    page.alive.act?.("remove");
    click(page, [150, 50]);
    expect(pointsOf(page, "l")).toEqual([[50, 50], [100, 80], [180, 75], [150, 100]]);
  });

  it("cuts at the point that was clicked last; the first half keeps its identity", () => {
    const page = editing();
    click(page, [100, 50]);
    run(page, "line-cut");
    expect([pointsOf(page, "l"), pointsOf(page, "new1")]).toEqual([[[50, 50], [100, 50]], [[100, 50], [150, 50], [150, 100]]]);
    expect(page.document().get("new1")).toMatchObject({ label: 3, attributes: { of: "l" } });
  });

  it("is what it was after inserting and removing the same point", () => {
    fc.assert(
      fc.property(points, fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 300 })), (all, at) => {
        const shape: PolylineShape = { type: "polyline", points: all };
        const made = polylineEditor.insert?.(shape, at, Infinity);
        expect(made && polylineEditor.remove?.(made.shape, [made.key])).toEqual(shape);
      }),
    );
  });
});

describe("whole lines", () => {
  it("join at their nearest ends, whichever way they were drawn", () => {
    for (const [a, b] of [
      [line("a", [0, 0], [10, 0]), line("b", [10, 0], [20, 5])],
      [line("a", [10, 0], [0, 0]), line("b", [10, 0], [20, 5])],
      [line("a", [0, 0], [10, 0]), line("b", [20, 5], [10, 0])],
      [line("a", [10, 0], [0, 0]), line("b", [20, 5], [10, 0])],
    ] as const) {
      const document = joinLines(documentOf([a, b]), ["a", "b"]);
      expect([...document.keys()]).toEqual(["a"]);
      expect((document.get("a")?.shape as PolylineShape).points).toEqual([[0, 0], [10, 0], [20, 5]]);
    }
  });

  it("keep their length through cutting and joining", () => {
    fc.assert(
      fc.property(points, fc.nat(20), (all, at) => {
        fc.pre(at > 0 && at < all.length - 1);
        const before = documentOf([line("l", ...all)]);
        const halves = cut(before, "l", at, () => "half");
        const [first, second] = ["l", "half"].map((id) => halves.get(id)?.shape as PolylineShape);
        expect(lengthOf(first?.points ?? []) + lengthOf(second?.points ?? [])).toBeCloseTo(lengthOf(all), 6);
        expect(first?.points.at(-1)).toEqual(second?.points[0]);
      }),
    );
  });

  it("grow in the order in which points were drawn from an end", () => {
    const before = documentOf([line("l", [0, 0], [10, 0])]);
    expect((extend(before, "l", "first", [[-5, 0], [-9, 3]]).get("l")?.shape as PolylineShape).points).toEqual([[-9, 3], [-5, 0], [0, 0], [10, 0]]);
  });
});
