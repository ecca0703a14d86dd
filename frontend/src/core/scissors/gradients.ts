/**
 * How strongly, which way and how exactly a picture changes, at the corners where four pixels meet. Outlines run between
 * pixels, so a step from one pixel to the next is found where it is, and not half a pixel beside it.
 */
import { clamp } from "../geometry";

/** Pixels of a picture, row by row: red, green, blue, alpha. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray;
}

/** One value for each corner, row by row: one more than there are pixels, across and down. */
export interface Gradients {
  readonly across: number;
  readonly down: number;
  /** In steps of brightness per pixel, 0 to 255. */
  readonly strength: Float32Array;
  /** Which way it grows brighter, in `DIRECTIONS` steps of a full turn, clockwise from the right. */
  readonly direction: Uint8Array;
  /** 1 where the Laplacian crosses zero: the middle of an edge. */
  readonly crossing: Uint8Array;
}

export const DIRECTIONS = 32;
/** Weaker changes are noise. */
export const FAINTEST = 1;
/** Rows that a row of corners is told by, on each side. */
const BESIDE = 4;
const CHANNELS = 3;

/** Smooth one channel of some rows by (1 4 6 4 1) / 16 across and down, a Gaussian of about one pixel. */
function smoothed({ width, height, rgba }: Raster, channel: number, from: number, to: number): Float32Array {
  const rows = to - from;
  const across = new Float32Array(rows * width);
  for (let row = 0; row < rows; row += 1) {
    const start = clamp(from + row, 0, height - 1) * width;
    const value = (x: number): number => rgba[(start + clamp(x, 0, width - 1)) * 4 + channel] ?? 0;
    let a = value(-2);
    let b = value(-1);
    let c = value(0);
    let d = value(1);
    for (let x = 0; x < width; x += 1) {
      const e = x + 2 < width ? (rgba[(start + x + 2) * 4 + channel] ?? 0) : value(x + 2);
      across[row * width + x] = (a + 4 * b + 6 * c + 4 * d + e) / 16;
      a = b;
      b = c;
      c = d;
      d = e;
    }
  }
  const both = new Float32Array(rows * width);
  for (let row = 0; row < rows; row += 1) {
    const [a, b, c, d, e] = [-2, -1, 0, 1, 2].map((by) => clamp(row + by, 0, rows - 1) * width) as [number, number, number, number, number];
    for (let x = 0; x < width; x += 1) {
      both[row * width + x] = ((across[a + x] ?? 0) + 4 * (across[b + x] ?? 0) + 6 * (across[c + x] ?? 0) + 4 * (across[d + x] ?? 0) + (across[e + x] ?? 0)) / 16;
    }
  }
  return both;
}

/** The gradients of a whole picture, made in strips of rows: between two of them the page can breathe. */
export class GradientMaker {
  readonly gradients: Gradients;
  private readonly laplacian: Float32Array;
  private next = 0;
  private marked = 0;

  constructor(private readonly raster: Raster) {
    const [across, down] = [raster.width + 1, raster.height + 1];
    const count = across * down;
    this.gradients = { across, down, strength: new Float32Array(count), direction: new Uint8Array(count), crossing: new Uint8Array(count) };
    this.laplacian = new Float32Array(count);
  }

  /** Make some more rows; true when all are made. */
  step(rows = 48): boolean {
    const { down } = this.gradients;
    const to = Math.min(down, this.next + rows);
    for (let channel = 0; channel < CHANNELS; channel += 1) this.measure(channel, this.next, to);
    this.next = to;
    // A row is marked when the one below it is there.
    const ready = to === down ? down : to - 1;
    for (; this.marked < ready; this.marked += 1) this.markCrossings(this.marked);
    return to === down;
  }

  /** The channel that changes most at a corner speaks for it. */
  private measure(channel: number, from: number, to: number): void {
    const { across, strength, direction } = this.gradients;
    const { width } = this.raster;
    const first = from - BESIDE;
    const smooth = smoothed(this.raster, channel, first, to + BESIDE);
    for (let y = from; y < to; y += 1) {
      const below = (y - first) * width;
      const above = below - width;
      for (let x = 0; x < across; x += 1) {
        const left = x > 0 ? x - 1 : 0;
        const right = x < width ? x : width - 1;
        const a = smooth[above + left] ?? 0;
        const b = smooth[above + right] ?? 0;
        const c = smooth[below + left] ?? 0;
        const d = smooth[below + right] ?? 0;
        const gx = (b + d - a - c) / 2;
        const gy = (c + d - a - b) / 2;
        const strong = Math.sqrt(gx * gx + gy * gy);
        const at = y * across + x;
        if (channel > 0 && strong <= (strength[at] ?? 0)) continue;
        strength[at] = strong;
        direction[at] = Math.round((Math.atan2(gy, gx) / (2 * Math.PI)) * DIRECTIONS + DIRECTIONS) % DIRECTIONS;
        const far = left > 0 ? left - 1 : 0;
        const further = right + 1 < width ? right + 1 : width - 1;
        const sideways = (smooth[above + far] ?? 0) + (smooth[below + far] ?? 0) + (smooth[above + further] ?? 0) + (smooth[below + further] ?? 0);
        const upright = (smooth[above - width + left] ?? 0) + (smooth[above - width + right] ?? 0) + (smooth[below + width + left] ?? 0) + (smooth[below + width + right] ?? 0);
        this.laplacian[at] = (sideways + upright) / 2 - (a + b + c + d);
      }
    }
  }

  /** Of two corners between which the Laplacian changes its sign, the one nearer to zero is the edge. */
  private markCrossings(y: number): void {
    const { across, down, strength, crossing } = this.gradients;
    const { laplacian } = this;
    for (let x = 0; x < across; x += 1) {
      const at = y * across + x;
      const here = laplacian[at] ?? 0;
      for (let way = 0; way < 2; way += 1) {
        if (way === 0 ? x + 1 === across : y + 1 === down) continue;
        const beside = way === 0 ? at + 1 : at + across;
        const there = laplacian[beside] ?? 0;
        if (here * there > 0 || here === there) continue;
        const edge = Math.abs(here) <= Math.abs(there) ? at : beside;
        if ((strength[edge] ?? 0) >= FAINTEST) crossing[edge] = 1;
      }
    }
  }
}

/** Gradients of a picture in one go. */
export function gradientsOf(raster: Raster): Gradients {
  const maker = new GradientMaker(raster);
  while (!maker.step());
  return maker.gradients;
}
