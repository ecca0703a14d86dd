import { beforeEach, describe, expect, it } from "vitest";
import { documentOf } from "../core/document";
import type { KeyPress, PointerInput } from "../core/mode";
import { rulerOf } from "../core/ruler";
import type { Point } from "../core/types";
import { humanAnnotation } from "../actions/annotations";
import { polygonOf } from "../shapes/polygon/geometry";
import { sizeOf } from "./measure";
import { Session } from "./session";

const SIZE = { width: 400, height: 300 };
const GROUND = rulerOf({ crs: "EPSG:32633", name: "", transform: [10, 0, 0, 0, -10, 0], measure: "planar", unit: "metre", unit_m: 1, grid: null }, SIZE, null);
const input = (at: Point): PointerInput => ({ at, reach: 5, shift: false, alt: false, ctrl: false });
const press = (key: string): KeyPress => ({ key, shift: false, ctrl: false, alt: false });

let session: Session;
const click = (...points: Point[]): void => points.forEach((at) => session.alive.click(input(at)));
const told = (): string => session.store.getState().overlay.hint ?? "";

beforeEach(() => {
  session = new Session({ size: SIZE, document: documentOf([]), label: 1, thresholds: { all: 0.5, byLabel: {} } });
  session.setMode("measure");
});

describe("measuring", () => {
  it("a line grows to the pointer, and stays when it is ended", () => {
    click([0, 0], [30, 40]);
    session.alive.move(input([30, 140]));
    expect(told()).toBe("150.0 px");
    session.alive.doubleClick(input([30, 140]));
    session.alive.move(input([300, 200]));
    expect(told()).toBe("50.0 px");
  });

  it("a click on the first point closes an area", () => {
    click([10, 10], [110, 10], [110, 60], [10, 60], [12, 11]);
    expect(told()).toBe("300.0 px around, 5,000 px²");
    click([200, 200]);
    expect(told()).not.toContain("around");
  });

  it("metres come as soon as it is known where the image lies", () => {
    click([10, 10], [110, 10], [110, 60], [10, 60], [10, 10]);
    session.setRuler(GROUND);
    expect(told()).toBe("3.000 km around, 50.00 ha");
  });

  it("Backspace takes a point back, Escape clears and then leaves, and nothing is added", () => {
    click([0, 0], [100, 0], [100, 100]);
    session.key(press("Backspace"));
    session.key(press("Enter"));
    expect(told()).toBe("100.0 px");
    session.key(press("Escape"));
    expect(session.store.getState().mode).toBe("measure");
    session.key(press("Escape"));
    expect(session.store.getState().mode).toBe("select");
    expect(session.document().size).toBe(0);
  });

  it("two clicks at one place are one point", () => {
    click([0, 0], [100, 0], [101, 0]);
    session.key(press("Enter"));
    expect(told()).toBe("100.0 px");
  });

  it("drags are left to the view", () => {
    expect(session.alive.press(input([0, 0]))).toBe(false);
  });
});

it("an object tells its outline and area without a pointer, holes taken out", () => {
  const square = (left: number, side: number): Point[] => [[left, left], [left + side, left], [left + side, left + side], [left, left + side]];
  const plain = humanAnnotation("a", 1, polygonOf(square(0, 100)));
  expect(sizeOf(session.ruler, plain)).toBe("400.0 px, 10,000 px²");
  expect(sizeOf(GROUND, plain)).toBe("4.000 km, 1.000 km²");
  const [shell] = polygonOf(square(0, 100)).polygons[0] ?? [];
  const [hole] = polygonOf(square(20, 50)).polygons[0] ?? [];
  const ring = { ...plain, shape: { type: "polygon" as const, polygons: [[shell ?? [], [...(hole ?? [])].reverse()]] } };
  expect(sizeOf(GROUND, ring)).toContain("75.00 ha");
});
