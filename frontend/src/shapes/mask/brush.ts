/** What a brush covers on its way from one point to another: every pixel whose centre lies under it. */
import { clamp } from "../../core/geometry";
import type { Point, Size } from "../../core/types";
import { NO_STRETCH, type Columns, type Stretches } from "./columns";

export type BrushForm = "round" | "square";

export interface Brush {
  readonly form: BrushForm;
  /** Across, in image pixels; 1 is a single pixel. */
  readonly size_px: number;
}

/** The sizes that [ and ] walk through. */
export const BRUSH_SIZES = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 25, 30, 40, 50, 60, 80, 100, 130, 160, 200, 250, 300, 400, 500] as const;
export const SMALLEST_BRUSH_PX = 1;
export const LARGEST_BRUSH_PX = 500;

export function nextSize(size_px: number, step: 1 | -1): number {
  const found = step === 1 ? BRUSH_SIZES.find((size) => size > size_px) : BRUSH_SIZES.findLast((size) => size < size_px);
  return found ?? clamp(size_px, SMALLEST_BRUSH_PX, LARGEST_BRUSH_PX);
}

/** Where the middle of a brush lies: on a pixel's middle when it is an odd number of pixels across, else on a corner. */
export function snapped([x, y]: Point, { size_px }: Brush): Point {
  const odd = Math.round(size_px) % 2 === 1;
  return odd ? [Math.floor(x) + 0.5, Math.floor(y) + 0.5] : [Math.round(x), Math.round(y)];
}

/** Distances are compared with this much of a pixel to spare, so that rounding never cuts a corner off. */
export const SLACK_PX = 1e-9;

/** Whether a point lies under a brush that moved from `a` to `b`. */
export function isUnder([x, y]: Point, a: Point, b: Point, { form, size_px }: Brush): boolean {
  return form === "round" ? distanceToSegment(x, y, a, b) <= size_px / 2 + SLACK_PX : isUnderSquare(x, y, a, b, size_px / 2 + SLACK_PX);
}

function distanceToSegment(x: number, y: number, a: Point, b: Point): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length2 = dx * dx + dy * dy;
  const t = length2 === 0 ? 0 : clamp(((x - a[0]) * dx + (y - a[1]) * dy) / length2, 0, 1);
  return Math.hypot(x - a[0] - t * dx, y - a[1] - t * dy);
}

function isUnderSquare(x: number, y: number, a: Point, b: Point, half: number): boolean {
  const across = whileWithin(x, a[0], b[0], half);
  const down = whileWithin(y, a[1], b[1], half);
  return across !== null && down !== null && Math.max(across[0], down[0]) <= Math.min(across[1], down[1]);
}

/** The part of the way (0 to 1) on which a value is at most `half` away from a point that moves from `a` to `b`. */
function whileWithin(value: number, a: number, b: number, half: number): readonly [number, number] | null {
  if (a === b) return Math.abs(value - a) <= half ? [0, 1] : null;
  const [t0, t1] = [(value - half - a) / (b - a), (value + half - a) / (b - a)];
  const [low, high] = [Math.max(0, Math.min(t0, t1)), Math.min(1, Math.max(t0, t1))];
  return low <= high ? [low, high] : null;
}

/** The pixels of the image that a brush covers while it moves from `a` to `b`. */
export function sweep(a: Point, b: Point, brush: Brush, { width, height }: Size): Columns {
  const half = brush.size_px / 2 + SLACK_PX;
  const left = clamp(Math.floor(Math.min(a[0], b[0]) - half), 0, width);
  const right = clamp(Math.ceil(Math.max(a[0], b[0]) + half), 0, width);
  const list = Array.from({ length: Math.max(0, right - left) }, (_, at): Stretches => {
    const rough = brush.form === "round" ? roundColumn(left + at + 0.5, a, b, half) : squareColumn(left + at + 0.5, a, b, half);
    return rough ? exactColumn(left + at + 0.5, rough, a, b, brush, height) : NO_STRETCH;
  });
  return { width, height, left, list };
}

/** What is swept is convex, so a column meets it in one stretch; this is that stretch as formulas give it. */
function roundColumn(x: number, a: Point, b: Point, half: number): readonly [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  for (const [cx, cy] of [a, b]) {
    const under = half * half - (x - cx) * (x - cx);
    if (under < 0) continue;
    low = Math.min(low, cy - Math.sqrt(under));
    high = Math.max(high, cy + Math.sqrt(under));
  }
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  if (length > 0 && a[0] !== b[0]) {
    // The sides: the way, moved by the radius to either hand.
    const [nx, ny] = [(-(b[1] - a[1]) / length) * half, ((b[0] - a[0]) / length) * half];
    for (const side of [1, -1]) {
      const t = (x - a[0] - side * nx) / (b[0] - a[0]);
      if (t < 0 || t > 1) continue;
      const y = a[1] + side * ny + t * (b[1] - a[1]);
      low = Math.min(low, y);
      high = Math.max(high, y);
    }
  } else if (length > 0 && Math.abs(x - a[0]) <= half) {
    low = Math.min(low, a[1], b[1]);
    high = Math.max(high, a[1], b[1]);
  }
  return low <= high ? [low, high] : null;
}

function squareColumn(x: number, a: Point, b: Point, half: number): readonly [number, number] | null {
  const part = whileWithin(x, a[0], b[0], half);
  if (!part) return null;
  const ys = part.map((t) => a[1] + t * (b[1] - a[1]));
  return [Math.min(...ys) - half, Math.max(...ys) + half];
}

/** Whole pixels of a stretch, the pixels at both ends judged by the very rule that says what is under a brush. */
function exactColumn(x: number, [low, high]: readonly [number, number], a: Point, b: Point, brush: Brush, height: number): Stretches {
  const under = (row: number): boolean => isUnder([x, row + 0.5], a, b, brush);
  let from = Math.ceil(low - 0.5);
  let to = Math.floor(high - 0.5) + 1;
  if (under(from - 1)) from -= 1;
  while (from < to && !under(from)) from += 1;
  if (under(to)) to += 1;
  while (to > from && !under(to - 1)) to -= 1;
  from = clamp(from, 0, height);
  to = clamp(to, 0, height);
  return from < to ? [from, to] : NO_STRETCH;
}
