/** Pixels whose colour is like the one where painting began, read from the picture that is shown. */
import { clamp } from "../../core/geometry";
import type { PixelReader, PixelTile } from "../../core/pixels";
import type { Bounds, Size } from "../../core/types";
import { boundsOfColumns, type Columns, type Stretches } from "./columns";

export type Compare = "colour" | "brightness";
export type Rgb = readonly [number, number, number];

/** Rec. 601, in integers up to 255,000. */
function brightness(red: number, green: number, blue: number): number {
  return 299 * red + 587 * green + 114 * blue;
}

/** Whether a pixel is within the tolerance (0 to 255) of a colour: in each of red, green and blue, or in brightness. */
export function likeness([red, green, blue]: Rgb, tolerance: number, compare: Compare): (rgba: Uint8ClampedArray, at: number) => boolean {
  if (compare === "brightness") {
    const light = brightness(red, green, blue);
    return (rgba, at) => Math.abs(brightness(rgba[at] ?? 0, rgba[at + 1] ?? 0, rgba[at + 2] ?? 0) - light) <= tolerance * 1000;
  }
  return (rgba, at) => Math.abs((rgba[at] ?? 0) - red) <= tolerance && Math.abs((rgba[at + 1] ?? 0) - green) <= tolerance && Math.abs((rgba[at + 2] ?? 0) - blue) <= tolerance;
}

export class Similar {
  private constructor(
    private readonly reader: PixelReader,
    private readonly size: Size,
    private readonly isLike: (rgba: Uint8ClampedArray, at: number) => boolean,
  ) {}

  /** Take the colour of a pixel of the image as the one to be like. */
  static async at(reader: PixelReader, size: Size, [x, y]: readonly [number, number], tolerance: number, compare: Compare): Promise<Similar> {
    const tile = await reader.load(Math.floor(x / reader.tile_px), Math.floor(y / reader.tile_px));
    const at = ((y - tile.y) * tile.width + x - tile.x) * 4;
    const seed: Rgb = [tile.rgba[at] ?? 0, tile.rgba[at + 1] ?? 0, tile.rgba[at + 2] ?? 0];
    return new Similar(reader, size, likeness(seed, tolerance, compare));
  }

  /** Load the tiles under some bounds. */
  async ready(bounds: Bounds): Promise<void> {
    await Promise.all(this.tilesOf(bounds).map(([column, row]) => this.reader.load(column, row)));
  }

  /** The pixels among these that are alike; null when a tile of the picture has not come yet. */
  within(columns: Columns): Columns | null {
    const bounds = boundsOfColumns(columns);
    if (!bounds) return columns;
    if (this.tilesOf(bounds).some(([column, row]) => this.reader.ready(column, row) === null)) return null;
    const list = columns.list.map((stretches, at) => this.alike(columns.left + at, stretches));
    return { ...columns, list };
  }

  /** Everything alike that hangs together with a pixel; stops early when it is told to. */
  async flood([x, y]: readonly [number, number], isStopped: () => boolean): Promise<Columns> {
    const { tile_px } = this.reader;
    const across = Math.ceil(this.size.width / tile_px);
    const seen = new Map<number, Uint8Array>();
    const open = new Map<number, number[]>([[Math.floor(y / tile_px) * across + Math.floor(x / tile_px), [(y % tile_px) * tile_px + (x % tile_px)]]]);
    for (let next = open.entries().next(); !next.done && !isStopped(); next = open.entries().next()) {
      const [number, seeds] = next.value;
      open.delete(number);
      const tile = await this.reader.load(number % across, Math.floor(number / across));
      const marks = seen.get(number) ?? new Uint8Array(tile_px * tile_px);
      seen.set(number, marks);
      this.floodTile(tile, marks, seeds, (beside, place) => {
        const neighbour = number + beside;
        if (beside === 1 && (number + 1) % across === 0) return;
        if (beside === -1 && number % across === 0) return;
        if (neighbour < 0 || neighbour >= across * Math.ceil(this.size.height / tile_px)) return;
        const list = open.get(neighbour);
        if (list) list.push(place);
        else open.set(neighbour, [place]);
      }, across);
    }
    return this.columnsOf(seen, across);
  }

  /** Flood inside one tile; `leave` hears of every place at which the flood goes on in a tile beside it. */
  private floodTile(tile: PixelTile, marks: Uint8Array, seeds: number[], leave: (beside: number, place: number) => void, across: number): void {
    const side = this.reader.tile_px;
    const open = seeds;
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      const [column, row] = [place % side, Math.floor(place / side)];
      if (column >= tile.width || row >= tile.height || marks[place] === 1 || !this.isLike(tile.rgba, (row * tile.width + column) * 4)) continue;
      marks[place] = 1;
      if (column > 0) open.push(place - 1);
      else leave(-1, row * side + side - 1);
      if (column < tile.width - 1) open.push(place + 1);
      else leave(1, row * side);
      if (row > 0) open.push(place - side);
      else leave(-across, (side - 1) * side + column);
      if (row < tile.height - 1) open.push(place + side);
      else leave(across, column);
    }
  }

  private columnsOf(seen: ReadonlyMap<number, Uint8Array>, across: number): Columns {
    const { width, height } = this.size;
    const side = this.reader.tile_px;
    const list = Array.from({ length: width }, (): number[] => []);
    // Tiles from the top, so that the stretches of a column come in order.
    for (const number of [...seen.keys()].sort((a, b) => a - b)) {
      const marks = seen.get(number);
      const [left, top] = [(number % across) * side, Math.floor(number / across) * side];
      for (let column = 0; marks && column < side && left + column < width; column += 1) {
        const stretches = list[left + column] ?? [];
        for (let row = 0; row < side && top + row < height; row += 1) {
          if (marks[row * side + column] !== 1) continue;
          if (stretches.at(-1) === top + row) stretches[stretches.length - 1] = top + row + 1;
          else stretches.push(top + row, top + row + 1);
        }
      }
    }
    return { width, height, left: 0, list };
  }

  private alike(x: number, stretches: Stretches): Stretches {
    const { tile_px } = this.reader;
    const result: number[] = [];
    for (let k = 0; k < stretches.length; k += 2) {
      const to = stretches[k + 1] ?? 0;
      for (let from = stretches[k] ?? 0; from < to; ) {
        const row = Math.floor(from / tile_px);
        const end = Math.min(to, (row + 1) * tile_px);
        const tile = this.reader.ready(Math.floor(x / tile_px), row);
        if (tile) this.alikeInTile(tile, x, from, end, result);
        from = end;
      }
    }
    return result;
  }

  private alikeInTile({ x: left, y: top, width, rgba }: PixelTile, x: number, from: number, to: number, result: number[]): void {
    for (let y = from; y < to; y += 1) {
      if (!this.isLike(rgba, ((y - top) * width + x - left) * 4)) continue;
      if (result.at(-1) === y) result[result.length - 1] = y + 1;
      else result.push(y, y + 1);
    }
  }

  private tilesOf([minX, minY, maxX, maxY]: Bounds): (readonly [number, number])[] {
    const { tile_px } = this.reader;
    const index = (at: number, limit: number): number => Math.floor(clamp(at, 0, limit - 1) / tile_px);
    const [left, top, right, bottom] = [index(minX, this.size.width), index(minY, this.size.height), index(maxX - 1, this.size.width), index(maxY - 1, this.size.height)];
    const tiles: (readonly [number, number])[] = [];
    for (let row = top; row <= bottom; row += 1) for (let column = left; column <= right; column += 1) tiles.push([column, row]);
    return tiles;
  }
}

