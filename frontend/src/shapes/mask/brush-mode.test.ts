import { describe, expect, it } from "vitest";
import { humanAnnotation } from "@/actions/annotations";
import { documentOf } from "@/core/document";
import type { PointerInput } from "@/core/mode";
import type { PixelReader } from "@/core/pixels";
import type { Annotation, Point } from "@/core/types";
import { Session } from "@/modes/session";
import { brushOf } from "./brush-mode";
import { areaOf, hasPixel } from "./columns";
import { commands } from "./commands";
import { columnsOf } from "./geometry";
import { fillPolygons } from "./polygons";
import { maskOf } from "./geometry";
import { COMPARE, FORM, OVERLAP, SIZE_PX, TOLERANCE } from "./settings";
import type { MaskShape } from "./shape";

const SIZE = { width: 200, height: 160 };
const at = (x: number, y: number, more: Partial<PointerInput> = {}): PointerInput => ({ at: [x, y], reach: 5, shift: false, alt: false, ctrl: false, pointer: "mouse", ...more });
const ring = (x0: number, y0: number, x1: number, y1: number): Point[] => [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]];
const rectangle = (id: string, x0: number, y0: number, x1: number, y1: number): Annotation => humanAnnotation(id, 1, maskOf(fillPolygons([[ring(x0, y0, x1, y1)]], SIZE)) as MaskShape);

function session(annotations: Annotation[] = [], mode = "draw-mask"): Session {
  let made = 0;
  const on = new Session({ size: SIZE, document: documentOf(annotations), label: 1, thresholds: { all: 0.5, byLabel: {} }, mode, newId: () => `new${++made}` });
  on.settings.set(SIZE_PX, 4);
  on.settings.set(FORM, "square");
  return on;
}

function stroke(on: Session, points: readonly Point[], more: Partial<PointerInput> = {}): void {
  const [first = [0, 0], ...rest] = points;
  on.alive.press(at(...first, more));
  for (const [x, y] of rest) on.alive.drag(at(x, y, more));
  const [x, y] = points.at(-1) ?? first;
  on.alive.release(at(x, y, more));
}

function run(on: Session, id: string): boolean {
  const command = commands.find((candidate) => candidate.id === id);
  const possible = command?.when(on) ?? false;
  if (possible) command?.run(on);
  return possible;
}

const columns = (on: Session, id: string) => columnsOf(on.document().get(id)?.shape as MaskShape);
const area = (on: Session, id: string): number => areaOf(columns(on, id));
const steps = (on: Session): number => on.store.getState().history.past.length;

describe("painting", () => {
  it("makes one object of the first stroke, goes on with it, and begins another at N", () => {
    const on = session();
    stroke(on, [[20, 20], [60, 20]]);
    expect(on.selection()).toEqual(["new1"]);
    expect(area(on, "new1")).toBe(44 * 4);
    stroke(on, [[20, 60], [60, 60]]);
    expect(area(on, "new1")).toBe(2 * 44 * 4);
    expect(on.document().size).toBe(1);
    run(on, "mask-new");
    stroke(on, [[100, 100]]);
    expect([...on.document().keys()]).toEqual(["new1", "new2"]);
    expect(area(on, "new2")).toBe(16);
  });

  it("is one step for one stroke, and undo and redo bring back the very pixels", () => {
    const on = session();
    stroke(on, [[20, 20], [60, 20], [60, 60]]);
    const first = columns(on, "new1");
    stroke(on, [[20, 100], [80, 100]]);
    const second = columns(on, "new1");
    expect(steps(on)).toBe(2);
    on.undo();
    expect(columns(on, "new1")).toEqual(first);
    on.redo();
    expect(columns(on, "new1")).toEqual(second);
    on.undo();
    on.undo();
    expect(on.document().size).toBe(0);
    // What is painted after an undo starts from what is there then.
    stroke(on, [[150, 150]]);
    expect(area(on, [...on.document().keys()][0] ?? "")).toBe(16);
  });

  it("erases, takes the object away with its last pixel, and does nothing where nothing is", () => {
    const on = session([rectangle("a", 10, 10, 30, 14)], "select");
    on.select(["a"]);
    on.setMode("edit");
    run(on, "mask-erase");
    stroke(on, [[100, 100]]);
    expect(steps(on)).toBe(0);
    stroke(on, [[12, 12], [20, 12]]);
    expect(area(on, "a")).toBe(80 - 12 * 4);
    stroke(on, [[0, 12], [60, 12]]);
    expect(on.document().size).toBe(0);
    on.undo();
    expect(area(on, "a")).toBe(80 - 12 * 4);
  });

  it("draws a straight stroke from the last point with Shift, and erases with Alt", () => {
    const on = session();
    stroke(on, [[20, 20]]);
    stroke(on, [[80, 20]], { shift: true });
    expect(area(on, "new1")).toBe(64 * 4);
    stroke(on, [[50, 20]], { alt: true });
    expect(area(on, "new1")).toBe(64 * 4 - 16);
  });

  it("makes a model's draft the person's own", () => {
    const draft: Annotation = { ...rectangle("a", 10, 10, 30, 30), origin: "prediction", review: "draft", confidence: 0.8 };
    const on = session([draft], "select");
    on.select(["a"]);
    on.setMode("edit");
    stroke(on, [[50, 50]]);
    expect(on.document().get("a")).toMatchObject({ origin: "human", review: "accepted", confidence: null });
  });

  it("takes a stroke back at Esc, and stops at the next", () => {
    const on = session([rectangle("a", 10, 10, 30, 30)], "select");
    on.select(["a"]);
    on.setMode("edit");
    on.alive.press(at(50, 50));
    on.alive.drag(at(90, 50));
    on.key({ key: "Escape", shift: false, ctrl: false, alt: false });
    on.alive.release(at(90, 50));
    expect(steps(on)).toBe(0);
    stroke(on, [[100, 100]]);
    expect(area(on, "a")).toBe(400 + 16);
    on.key({ key: "Escape", shift: false, ctrl: false, alt: false });
    expect(on.alive.name).toBe("select");
  });

  it("does not touch what is locked", () => {
    const on = session([rectangle("a", 10, 10, 30, 30)], "select");
    on.select(["a"]);
    on.setMode("edit");
    on.setLocked(new Set(["a"]));
    stroke(on, [[50, 50]]);
    expect(steps(on)).toBe(0);
    expect(on.store.getState().notice).toContain("locked");
  });

  it("paints thinner where a pen presses less, and leaves fingers to the view", () => {
    const on = session();
    on.settings.set(SIZE_PX, 40);
    stroke(on, [[100, 80]], { pointer: "pen", pressure: 0.1 });
    const thin = area(on, "new1");
    on.undo();
    stroke(on, [[100, 80]], { pointer: "pen", pressure: 1 });
    expect(area(on, [...on.document().keys()][0] ?? "")).toBe(1600);
    expect(thin).toBeLessThan(200);
    expect(on.alive.press(at(20, 20, { pointer: "touch" }))).toBe(false);
  });
});

describe("filling", () => {
  it("fills inside a closed outline, and refuses an open one with a hint", () => {
    const on = session();
    run(on, "mask-draw");
    stroke(on, [[20, 20], [80, 20], [80, 80], [20, 80]]);
    run(on, "mask-fill");
    on.alive.press(at(50, 50));
    expect(steps(on)).toBe(1);
    expect(on.store.getState().notice).toContain("border of the image");
    run(on, "mask-draw");
    stroke(on, [[20, 80], [20, 20]]);
    run(on, "mask-fill");
    on.alive.press(at(50, 50));
    expect(area(on, "new1")).toBe(64 * 64);
    expect(steps(on)).toBe(3);
  });
});

describe("overlap", () => {
  const page = (rule: string): Session => {
    const on = session([rectangle("a", 0, 0, 100, 160), rectangle("b", 100, 0, 110, 160)]);
    on.settings.set(OVERLAP, rule);
    return on;
  };

  it("is shared, kept or taken over, in one step", () => {
    const [share, keep, take] = [page("share"), page("keep"), page("take")];
    for (const on of [share, keep, take]) stroke(on, [[90, 50], [130, 50]]);
    expect([area(share, "new1"), area(share, "a"), area(share, "b")]).toEqual([176, 16_000, 1600]);
    expect([area(keep, "new1"), area(keep, "a"), area(keep, "b")]).toEqual([22 * 4, 16_000, 1600]);
    expect([area(take, "new1"), area(take, "a"), area(take, "b")]).toEqual([176, 16_000 - 48, 1600 - 40]);
    take.undo();
    expect([take.document().size, area(take, "a"), area(take, "b")]).toEqual([2, 16_000, 1600]);
  });

  it("takes nothing from what is locked", () => {
    const on = page("take");
    on.setLocked(new Set(["a"]));
    stroke(on, [[90, 50], [130, 50]]);
    expect([area(on, "new1"), area(on, "a"), area(on, "b")]).toEqual([(22 + 10) * 4, 16_000, 1600 - 40]);
  });
});

describe("painting by colour", () => {
  /** Left half dark, right half light, with one light pixel in the dark. It comes in tiles of 64, each after a moment. */
  function picture(): PixelReader {
    const ready = new Map<string, Awaited<ReturnType<PixelReader["load"]>>>();
    return {
      scale: 1,
      coarser() {
        return this;
      },
      tile_px: 64,
      ready: (column, row) => ready.get(`${column},${row}`) ?? null,
      async load(column, row) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        const [x, y] = [column * 64, row * 64];
        const [width, height] = [Math.min(64, SIZE.width - x), Math.min(64, SIZE.height - y)];
        const rgba = new Uint8ClampedArray(width * height * 4);
        for (let place = 0; place < width * height; place += 1) {
          const [px, py] = [x + (place % width), y + Math.floor(place / width)];
          rgba.set(px >= 100 || (px === 50 && py === 50) ? [200, 210, 220, 255] : [40, 45, 50, 255], place * 4);
        }
        const tile = { x, y, width, height, rgba };
        ready.set(`${column},${row}`, tile);
        return tile;
      },
    };
  }
  const settled = async (on: Session, wanted: number): Promise<void> => {
    for (let turn = 0; turn < 200 && steps(on) < wanted; turn += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it("takes only pixels like the one where it began, once the picture has come", async () => {
    const on = session();
    on.picture = picture();
    on.settings.set(SIZE_PX, 20);
    on.settings.set(TOLERANCE, 30);
    run(on, "mask-similar");
    stroke(on, [[60, 50], [140, 50]]);
    await settled(on, 1);
    // From 50 to 100 dark, without the light pixel.
    expect(area(on, "new1")).toBe(50 * 20 - 1);
    expect(hasPixel(columns(on, "new1"), 50, 50)).toBe(false);
    on.undo();
    on.settings.set(TOLERANCE, 200);
    stroke(on, [[60, 50], [140, 50]]);
    await settled(on, 1);
    expect(areaOf(columnsOf([...on.document().values()][0]?.shape as MaskShape))).toBe(100 * 20);
  });

  it("takes what hangs together with the wand, across tiles, by brightness as well", async () => {
    const on = session();
    on.picture = picture();
    on.settings.set(COMPARE, "brightness");
    run(on, "mask-wand");
    on.alive.press(at(120, 80));
    await settled(on, 1);
    expect(area(on, "new1")).toBe(100 * 160);
    run(on, "mask-new");
    run(on, "mask-wand");
    on.alive.press(at(10, 10));
    await settled(on, 2);
    expect(area(on, "new2")).toBe(100 * 160 - 1);
  });
});

describe("operations", () => {
  const twoParts = (): Session => {
    const on = session([rectangle("a", 10, 10, 30, 30), rectangle("b", 25, 25, 45, 45), rectangle("c", 100, 100, 103, 103)], "select");
    on.select(["a", "b", "c"]);
    return on;
  };

  it("merge, subtract, split and drop islands", () => {
    const on = twoParts();
    expect(run(on, "mask-merge")).toBe(true);
    expect([on.document().size, area(on, "a")]).toEqual([1, 400 + 400 - 25 + 9]);
    expect(run(on, "mask-split")).toBe(true);
    expect([...on.document().keys()]).toEqual(["a", "new1"]);
    on.undo();
    expect(run(on, "mask-islands")).toBe(true);
    expect(area(on, "a")).toBe(775);
    const other = twoParts();
    run(other, "mask-subtract");
    expect([area(other, "a"), area(other, "b")]).toEqual([375, 400]);
  });

  it("need what they work on", () => {
    const on = twoParts();
    on.select([]);
    expect(run(on, "mask-grow")).toBe(false);
    on.select(["a"]);
    expect(run(on, "mask-merge")).toBe(false);
    on.setLocked(new Set(["a"]));
    expect(run(on, "mask-grow")).toBe(false);
    expect(run(on, "mask-draw")).toBe(false);
  });

  it("grow and shrink, and turn into a polygon and back without losing a pixel", () => {
    const on = twoParts();
    on.select(["a"]);
    run(on, "mask-grow");
    expect(area(on, "a")).toBe(400 + 80);
    run(on, "mask-shrink");
    expect(area(on, "a")).toBe(400);
    run(on, "mask-to-polygon");
    expect(on.document().get("a")?.shape).toMatchObject({ type: "polygon", polygons: [[[[10, 10], [30, 10], [30, 30], [10, 30], [10, 10]]]] });
    expect(run(on, "mask-from-shape")).toBe(true);
    expect(area(on, "a")).toBe(400);
  });

  it("make a box the pixels whose centres it covers", () => {
    const on = session([humanAnnotation("box", 1, { type: "box", x: 10.4, y: 10.6, width: 4, height: 3, rotation: 0 })], "select");
    on.select(["box"]);
    run(on, "mask-from-shape");
    expect(area(on, "box")).toBe(4 * 3);
  });

  it("move by whole pixels, and never out of the image", () => {
    const on = session([rectangle("a", 10, 10, 30, 30)], "select");
    on.select(["a"]);
    on.alive.press(at(20, 20));
    on.alive.drag(at(25.6, -90));
    on.alive.release(at(25.6, -90));
    expect(on.document().get("a")?.shape).toMatchObject({ bbox: [16, 0, 20, 20] });
    expect(area(on, "a")).toBe(400);
  });

  it("change the size of the brush by its keys", () => {
    const on = session();
    on.settings.set(SIZE_PX, 24);
    run(on, "mask-larger");
    expect(on.settings.get(SIZE_PX)).toBe(25);
    run(on, "mask-smaller");
    run(on, "mask-smaller");
    expect(on.settings.get(SIZE_PX)).toBe(16);
    run(on, "mask-form");
    expect(on.settings.get(FORM)).toBe("round");
    expect(brushOf(on)?.doing).toBe("draw");
  });
});
