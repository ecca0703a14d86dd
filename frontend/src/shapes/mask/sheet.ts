/**
 * A mask on canvases of 512 pixels, painted when they come into sight, at the level that fits the zoom. What was drawn
 * stays until its pixels change, so panning paints nothing.
 */
import { clamp } from "../../core/geometry";
import type { Bounds, Point } from "../../core/types";
import type { Emphasis } from "../painter";
import type { Columns } from "./columns";
import { painted, type Look, type Window } from "./raster";

export const TILE_PX = 512;
const COARSEST = 7;
/** All canvases together: some 160 MB. */
const MOST_PIXELS = 40_000_000;
/** The thin fill, laid once more over itself, is what a hovered or selected mask looks like. */
const SECOND_COAT: Record<Emphasis, number> = { plain: 0, hovered: 0.35, selected: 0.6 };

interface Tile {
  readonly window: Window;
  /** Null when there is nothing to see. */
  canvas: HTMLCanvasElement | null;
  /** What must be painted again, in pixels of the level. */
  stale: Bounds | null;
}

/** Every canvas of every sheet, the one seen longest ago first. */
const seen = new Map<Tile, Sheet>();
let pixels = 0;

function noteSeen(tile: Tile, sheet: Sheet): void {
  if (!seen.delete(tile)) pixels += tile.window.width * tile.window.height;
  seen.set(tile, sheet);
  for (const [oldest, owner] of seen) {
    if (pixels <= MOST_PIXELS || oldest === tile) break;
    owner.forget(oldest);
  }
}

/** Where the image lies on a canvas. */
export interface Placement {
  /** The image's top left corner, in canvas pixels. */
  readonly origin: Point;
  /** Canvas pixels in one image pixel. */
  readonly scale: number;
  /** The size of the canvas. */
  readonly across: number;
  readonly down: number;
}

export class Sheet {
  private readonly tiles = new Map<string, Tile>();

  /** `frame`: the part of the image that the mask may ever fill. */
  constructor(
    private columns: Columns,
    private readonly look: Look,
    private readonly frame: Bounds,
  ) {}

  /** Take other pixels, different only inside these bounds. */
  update(columns: Columns, [minX, minY, maxX, maxY]: Bounds): void {
    this.columns = columns;
    for (const [key, tile] of this.tiles) {
      const step = 2 ** Number(key.split(":")[0]);
      const { x, y, width, height } = tile.window;
      // A pixel more around: whether a pixel is at the edge depends on its neighbours.
      const changed = [Math.floor(minX / step) - 1, Math.floor(minY / step) - 1, Math.ceil(maxX / step) + 1, Math.ceil(maxY / step) + 1] as const;
      const inside: Bounds = [Math.max(x, changed[0]), Math.max(y, changed[1]), Math.min(x + width, changed[2]), Math.min(y + height, changed[3])];
      if (inside[0] < inside[2] && inside[1] < inside[3]) tile.stale = tile.stale ? around(tile.stale, inside) : inside;
    }
  }

  draw(context: CanvasRenderingContext2D, { origin, scale, across, down }: Placement, emphasis: Emphasis): void {
    const level = clamp(Math.floor(Math.log2(1 / scale)), 0, COARSEST);
    const step = scale * 2 ** level;
    const [left, top, right, bottom] = this.levelFrame(level);
    const count = (from: number, to: number): number => Math.ceil((to - from) / TILE_PX);
    const [firstX, lastX] = inSight(origin[0] + left * step, TILE_PX * step, across, count(left, right));
    const [firstY, lastY] = inSight(origin[1] + top * step, TILE_PX * step, down, count(top, bottom));
    context.save();
    context.imageSmoothingEnabled = step < 1;
    for (let row = firstY; row <= lastY; row += 1) {
      for (let column = firstX; column <= lastX; column += 1) {
        const tile = this.tile(level, column, row);
        if (!tile.canvas) continue;
        const { x, y, width, height } = tile.window;
        const place = [origin[0] + x * step, origin[1] + y * step, width * step, height * step] as const;
        context.globalAlpha = 1;
        context.drawImage(tile.canvas, ...place);
        if (SECOND_COAT[emphasis] === 0) continue;
        context.globalAlpha = SECOND_COAT[emphasis];
        context.drawImage(tile.canvas, ...place);
      }
    }
    context.restore();
  }

  forget(tile: Tile): void {
    if (!seen.delete(tile)) return;
    pixels -= tile.window.width * tile.window.height;
    for (const [key, known] of this.tiles) if (known === tile) this.tiles.delete(key);
  }

  /** Give all canvases back. */
  dispose(): void {
    for (const tile of [...this.tiles.values()]) this.forget(tile);
    this.tiles.clear();
  }

  private levelFrame(level: number): Bounds {
    const [minX, minY, maxX, maxY] = this.frame;
    const step = 2 ** level;
    return [Math.floor(minX / step), Math.floor(minY / step), Math.ceil(maxX / step), Math.ceil(maxY / step)];
  }

  private tile(level: number, column: number, row: number): Tile {
    const key = `${level}:${column}:${row}`;
    const tile = this.tiles.get(key) ?? this.blank(level, column, row);
    this.tiles.set(key, tile);
    if (tile.stale) this.paint(tile, level, tile.stale);
    if (tile.canvas) noteSeen(tile, this);
    return tile;
  }

  private blank(level: number, column: number, row: number): Tile {
    const [left, top, right, bottom] = this.levelFrame(level);
    const [x, y] = [left + column * TILE_PX, top + row * TILE_PX];
    const window = { x, y, width: Math.min(TILE_PX, right - x), height: Math.min(TILE_PX, bottom - y) };
    return { window, canvas: null, stale: [x, y, x + window.width, y + window.height] };
  }

  private paint(tile: Tile, level: number, [minX, minY, maxX, maxY]: Bounds): void {
    tile.stale = null;
    const [width, height] = [maxX - minX, maxY - minY];
    const data = painted(this.columns, level, { x: minX, y: minY, width, height }, this.look);
    if (data === null && tile.canvas === null) return;
    tile.canvas ??= canvasOf(tile.window);
    const context = tile.canvas.getContext("2d");
    const [x, y] = [minX - tile.window.x, minY - tile.window.y];
    if (data === null) context?.clearRect(x, y, width, height);
    else context?.putImageData(new ImageData(data, width, height), x, y);
  }
}

function canvasOf({ width, height }: Window): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

function around(a: Bounds, b: Bounds): Bounds {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}

/** The first and the last of `count` tiles of `side` that meet a canvas. */
function inSight(start: number, side: number, canvas: number, count: number): readonly [number, number] {
  return [clamp(Math.floor(-start / side), 0, count), clamp(Math.floor((canvas - start) / side), -1, count - 1)];
}
