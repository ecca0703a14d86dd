/** The part of a picture in which a line looks for edges: what its steps cost is worked out once, and asked many times. */
import { clamp } from "../../core/geometry";
import { simplified } from "../../core/path/simplify";
import type { PixelReader } from "../../core/pixels";
import { GradientMaker, type Raster } from "../../core/scissors/gradients";
import { LiveWire } from "../../core/scissors/live-wire";
import { refined, steepest } from "../../core/scissors/refine";
import { strongestNear, terrainOf, type Terrain } from "../../core/scissors/terrain";
import type { Bounds, Point, Size } from "../../core/types";

type Corner = readonly [number, number];

/** Longest side, in pixels of the reader: about a million corners. */
const SIDE = 1024;
/** Edges right at the side of the window are not seen well. */
const RIM = 16;
/** Points added by a line lie this near the edge; pixels of the reader. */
const TOLERANCE = 0.5;

/** Bounds in pixels of a reader that hold some points of the image with a rim. */
function boundsAround(points: readonly Point[], { scale }: PixelReader, size: Size): Bounds {
  const [xs, ys] = [points.map(([x]) => x / scale), points.map(([, y]) => y / scale)];
  const [width, height] = [Math.floor(size.width / scale), Math.floor(size.height / scale)];
  return [Math.max(0, Math.floor(Math.min(...xs)) - RIM), Math.max(0, Math.floor(Math.min(...ys)) - RIM), Math.min(width, Math.ceil(Math.max(...xs)) + RIM), Math.min(height, Math.ceil(Math.max(...ys)) + RIM)];
}

/** A stretch as long as a window may be, about a smaller one, and inside the picture. */
function widened(from: number, to: number, limit: number): readonly [number, number] {
  const length = Math.min(SIDE, limit);
  const start = clamp(Math.round((from + to - length) / 2), 0, limit - length);
  return [start, start + length];
}

/** Let the page draw and listen. */
function breath(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

async function rasterOf(reader: PixelReader, [left, top, right, bottom]: Bounds): Promise<Raster> {
  const { tile_px } = reader;
  const [width, height] = [right - left, bottom - top];
  const rgba = new Uint8ClampedArray(width * height * 4);
  const places: (readonly [number, number])[] = [];
  for (let row = Math.floor(top / tile_px); row * tile_px < bottom; row += 1) for (let column = Math.floor(left / tile_px); column * tile_px < right; column += 1) places.push([column, row]);
  const copy = async ([column, row]: readonly [number, number]): Promise<void> => {
    const tile = await reader.load(column, row);
    const [from, to] = [Math.max(left, tile.x), Math.min(right, tile.x + tile.width)];
    for (let y = Math.max(top, tile.y); y < Math.min(bottom, tile.y + tile.height); y += 1) {
      const start = (y - tile.y) * tile.width - tile.x;
      rgba.set(tile.rgba.subarray((start + from) * 4, (start + to) * 4), ((y - top) * width + from - left) * 4);
    }
  };
  await Promise.all(places.map(copy));
  return { width, height, rgba };
}

export class EdgeWindow {
  private readonly wire: LiveWire;
  private seed: Corner | null = null;
  private last: { readonly from: Point; readonly to: Point; readonly way: readonly Point[] } | null = null;

  private constructor(
    readonly reader: PixelReader,
    private readonly bounds: Bounds,
    private readonly terrain: Terrain,
  ) {
    this.wire = new LiveWire(terrain);
  }

  /** Whether some points are near enough to each other for one window. */
  static fits(points: readonly Point[], reader: PixelReader, size: Size): boolean {
    const [left, top, right, bottom] = boundsAround(points, reader, size);
    return right - left <= SIDE && bottom - top <= SIDE && right > left && bottom > top;
  }

  /** Read the picture about some points and find its edges, in steps between which the page can breathe. */
  static async around(points: readonly Point[], reader: PixelReader, size: Size): Promise<EdgeWindow> {
    const [left, top, right, bottom] = boundsAround(points, reader, size);
    const [x0, x1] = widened(left, right, Math.floor(size.width / reader.scale));
    const [y0, y1] = widened(top, bottom, Math.floor(size.height / reader.scale));
    const bounds = [x0, y0, x1, y1] as const;
    const maker = new GradientMaker(await rasterOf(reader, bounds));
    while (!maker.step()) await breath();
    await breath();
    return new EdgeWindow(reader, bounds, terrainOf(maker.gradients));
  }

  holds(points: readonly Point[], size: Size): boolean {
    const [left, top, right, bottom] = boundsAround(points, this.reader, size);
    return left >= this.bounds[0] && top >= this.bounds[1] && right <= this.bounds[2] && bottom <= this.bounds[3];
  }

  /** The strongest edge within a radius in image pixels; null where nothing stands out. */
  strongest(at: Point, radius: number): Point | null {
    const corner = this.cornerAt(at);
    const [x, y] = strongestNear(this.terrain, corner, radius / this.reader.scale);
    return x === corner[0] && y === corner[1] ? null : this.pointAt(steepest(this.terrain.gradients, [x, y]));
  }

  /** The line along edges from one point to another, without the first; null when more than so many corners would have to be looked at first. */
  way(from: Point, to: Point, most: number): readonly Point[] | null {
    if (this.last && same(this.last.from, from) && same(this.last.to, to)) return this.last.way;
    const [start, end] = [this.cornerAt(from), this.cornerAt(to)];
    if (!this.seed || !same(this.seed, start)) {
      this.seed = start;
      this.wire.start(start);
    }
    if (!this.wire.reach(end, most)) return null;
    const inner = refined(this.terrain.gradients, this.wire.wayTo(end)).slice(1, -1).map((corner) => this.pointAt(corner));
    const [line = []] = simplified([[from, ...inner, to]], TOLERANCE * this.reader.scale);
    this.last = { from, to, way: line.slice(1) };
    return this.last.way;
  }

  private cornerAt([x, y]: Point): Corner {
    const [left, top, right, bottom] = this.bounds;
    return [clamp(Math.round(x / this.reader.scale), left, right) - left, clamp(Math.round(y / this.reader.scale), top, bottom) - top];
  }

  private pointAt([x, y]: Point): Point {
    return [(x + this.bounds[0]) * this.reader.scale, (y + this.bounds[1]) * this.reader.scale];
  }
}

function same(a: Point, b: Point): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
