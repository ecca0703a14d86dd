import { describe, expect, it } from "vitest";
import { documentOf } from "@/core/document";
import { distance } from "@/core/geometry";
import type { PointerInput } from "@/core/mode";
import type { PixelReader, PixelTile } from "@/core/pixels";
import type { Point, Size } from "@/core/types";
import { click, inputAt, press, shapeOf, SIZE } from "@/modes/testing";
import { Session } from "@/modes/session";
import type { PolygonShape } from "@/shapes/polygon/shape";
import { SCISSORS } from "./settings";

const TILE_PX = 64;

/** A picture by a function of the place, in tiles that each come after a moment; `reads` counts them. */
function pictureOf(size: Size, colour: (x: number, y: number) => number, scale = 1): PixelReader & { reads: number } {
  const kept = new Map<string, PixelTile>();
  const levels = new Map<number, PixelReader>();
  const reader: PixelReader & { reads: number } = {
    scale,
    tile_px: TILE_PX,
    reads: 0,
    coarser(most) {
      const wanted = 2 ** Math.max(0, Math.floor(Math.log2(most)));
      if (wanted === scale) return reader;
      const level = levels.get(wanted) ?? pictureOf(size, colour, wanted);
      levels.set(wanted, level);
      return level;
    },
    ready: (column, row) => kept.get(`${column},${row}`) ?? null,
    async load(column, row) {
      reader.reads += 1;
      await new Promise((resolve) => setTimeout(resolve, 0));
      const [x, y] = [column * TILE_PX, row * TILE_PX];
      const [width, height] = [Math.min(TILE_PX, Math.floor(size.width / scale) - x), Math.min(TILE_PX, Math.floor(size.height / scale) - y)];
      const rgba = new Uint8ClampedArray(width * height * 4);
      for (let at = 0; at < width * height; at += 1) {
        const value = colour((x + (at % width) + 0.5) * scale, (y + Math.floor(at / width) + 0.5) * scale);
        rgba.set([value, value, value, 255], at * 4);
      }
      const tile = { x, y, width, height, rgba };
      kept.set(`${column},${row}`, tile);
      return tile;
    },
  };
  return reader;
}

/** A bright disc on dark ground; pixels on its rim are mixtures. */
function disc([cx, cy]: Point, radius: number, blur = 1): (x: number, y: number) => number {
  return (x, y) => 200 - 140 * Math.min(1, Math.max(0, (Math.hypot(x - cx, y - cy) - radius) / blur + 0.5));
}

function page(picture: PixelReader, { size = SIZE, mode = "draw-polygon" }: { size?: Size; mode?: string } = {}): Session {
  let made = 0;
  const on = new Session({ size, document: documentOf([]), label: 1, thresholds: { all: 0.5, byLabel: {} }, mode, newId: () => `new${++made}` });
  on.picture = picture;
  on.settings.set(SCISSORS, true);
  return on;
}

/** Hover until the edges near a place are known. */
async function hover(on: Session, at: Point, more: Partial<PointerInput> = {}): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) {
    on.alive.move(inputAt(at, more));
    await new Promise((resolve) => setTimeout(resolve, 8));
  }
}

const around = ([cx, cy]: Point, radius: number, degrees: number): Point => [cx + radius * Math.cos((degrees * Math.PI) / 180), cy + radius * Math.sin((degrees * Math.PI) / 180)];
const ringOf = (on: Session, id = "new1"): readonly Point[] => shapeOf<PolygonShape>(on, id).polygons[0]?.[0] ?? [];

const MIDDLE: Point = [200, 150];
const RADIUS = 90;

describe("intelligent scissors", () => {
  it("outline a disc by four careless clicks, within half a pixel, and close along its rim", async () => {
    const on = page(pictureOf(SIZE, disc(MIDDLE, RADIUS)));
    await hover(on, around(MIDDLE, RADIUS, 0));
    for (const degrees of [0, 100, 190, 280]) click(on, around(MIDDLE, RADIUS + 3, degrees));
    click(on, around(MIDDLE, RADIUS + 3, 1));
    const ring = ringOf(on);
    const errors = ring.map((point) => Math.abs(distance(point, MIDDLE) - RADIUS));
    expect(Math.max(...errors)).toBeLessThan(0.75);
    expect(ring.length).toBeGreaterThan(20);
    expect(ring.length).toBeLessThan(90);
    const widest = ring.slice(1).map((point, at) => distance(point, ring[at] ?? point));
    expect(Math.max(...widest)).toBeLessThan(40);
  });

  it("are off until they are asked for, and Shift draws straight", async () => {
    for (const [asked, more] of [[false, {}], [true, { shift: true }]] as const) {
      const on = page(pictureOf(SIZE, disc(MIDDLE, RADIUS)));
      on.settings.set(SCISSORS, asked);
      await hover(on, around(MIDDLE, RADIUS, 0));
      for (const degrees of [0, 90, 180]) click(on, around(MIDDLE, RADIUS, degrees), more);
      on.key(press("Enter"));
      expect(ringOf(on)).toHaveLength(4);
    }
  });

  it("take back one piece at a time", async () => {
    const on = page(pictureOf(SIZE, disc(MIDDLE, RADIUS)), { mode: "draw-polyline" });
    await hover(on, around(MIDDLE, RADIUS, 0));
    for (const degrees of [0, 90, 200]) click(on, around(MIDDLE, RADIUS, degrees));
    on.key(press("Backspace"));
    on.key(press("Enter"));
    const { points } = shapeOf<{ points: readonly Point[] }>(on, "new1");
    expect(distance(points.at(-1) ?? [0, 0], around(MIDDLE, RADIUS, 90))).toBeLessThan(1);
    expect(points.length).toBeGreaterThan(6);
    expect(Math.max(...points.map((point) => Math.abs(distance(point, MIDDLE) - RADIUS)))).toBeLessThan(0.75);
  });

  it("read the picture once for all pieces of an outline, and keep it for the next tool", async () => {
    const picture = pictureOf(SIZE, disc(MIDDLE, RADIUS));
    const on = page(picture);
    await hover(on, MIDDLE);
    const { reads } = picture;
    expect(reads).toBe(Math.ceil(SIZE.width / TILE_PX) * Math.ceil(SIZE.height / TILE_PX));
    on.setMode("draw-polyline");
    for (const degrees of [0, 90, 180, 270]) await hover(on, around(MIDDLE, RADIUS, degrees));
    expect(picture.reads).toBe(reads);
  });

  it("are straight while the picture is not there, and where the next point is too far, and say so", async () => {
    const size: Size = { width: 3000, height: 1200 };
    const on = page(pictureOf(size, disc([1500, 600], 500)), { size });
    click(on, [10, 10]);
    click(on, [200, 30]);
    await hover(on, [2900, 600]);
    expect(on.store.getState().overlay.hint).toContain("Too far");
    click(on, [2900, 600]);
    on.key(press("Enter"));
    expect(ringOf(on)).toHaveLength(4);
  });

  it("go by the picture as it is seen: from far away over two thousand pixels, to the pixel that is seen", async () => {
    const size: Size = { width: 3000, height: 2400 };
    const picture = pictureOf(size, disc([1500, 1200], 1000, 6));
    const on = page(picture, { size });
    const far = { reach: 7 * 4 };
    await hover(on, around([1500, 1200], 1000, 0), far);
    for (const degrees of [0, 90, 180, 270]) {
      await hover(on, around([1500, 1200], 1000, degrees), far);
      click(on, around([1500, 1200], 1000, degrees), far);
    }
    click(on, around([1500, 1200], 1000, 0), far);
    const errors = ringOf(on).map((point) => Math.abs(distance(point, [1500, 1200]) - 1000));
    expect(Math.max(...errors)).toBeLessThan(4);
    expect(picture.reads).toBe(0);
  });

  it("find nothing to follow in a plain picture, and go straight", async () => {
    const on = page(pictureOf(SIZE, () => 90), { mode: "draw-polyline" });
    await hover(on, [50, 50]);
    for (const at of [[50, 50], [150, 50], [150, 120]] as const) click(on, at);
    on.key(press("Enter"));
    expect(shapeOf<{ points: readonly Point[] }>(on, "new1").points).toEqual([[50, 50], [150, 50], [150, 120]]);
  });

  it("let a picture that cannot be read alone for a while, and go straight", async () => {
    const picture = pictureOf(SIZE, () => 90);
    const asked: string[] = [];
    picture.load = (column, row) => {
      asked.push(`${column},${row}`);
      return Promise.reject(new Error("gone"));
    };
    const on = page(picture);
    for (const at of [[50, 50], [150, 50], [150, 120]] as const) {
      await hover(on, at);
      click(on, at);
    }
    on.key(press("Enter"));
    expect(ringOf(on)).toHaveLength(4);
    expect(new Set(asked).size).toBe(asked.length);
  });

  it("fall silent when another tool is taken up while the picture comes", async () => {
    const on = page(pictureOf(SIZE, disc(MIDDLE, RADIUS)));
    click(on, around(MIDDLE, RADIUS, 0));
    on.setMode("select");
    const { overlay } = on.store.getState();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(on.store.getState().overlay).toBe(overlay);
  });
});
