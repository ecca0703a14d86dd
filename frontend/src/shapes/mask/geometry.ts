/** A mask decoded inside its bounding box. */
import type { Bounds, Point } from "../../core/types";
import type { MaskShape } from "./shape";
import { runsOf } from "./rle";

export interface Bitmap {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Row by row, 1 inside. */
  readonly data: Uint8Array;
  readonly area: number;
}

// Masks are immutable, so a decoded one is good for as long as its mask lives.
const decoded = new WeakMap<MaskShape, Bitmap>();

export function bitmapOf(mask: MaskShape): Bitmap {
  const known = decoded.get(mask);
  if (known) return known;
  const bitmap = decode(mask);
  decoded.set(mask, bitmap);
  return bitmap;
}

/** Call back for every vertical stretch of pixels inside the mask: its column, and its rows from `top` to before `bottom`. */
function eachStretch(mask: MaskShape, visit: (column: number, top: number, bottom: number) => void): void {
  const [rows, columns] = mask.size;
  let position = 0;
  runsOf(mask.counts).forEach((run, index) => {
    const end = Math.min(position + run, rows * columns);
    for (let at = position; index % 2 === 1 && at < end; ) {
      const column = Math.floor(at / rows);
      const bottom = Math.min(end - column * rows, rows);
      visit(column, at - column * rows, bottom);
      at = column * rows + bottom;
    }
    position = end;
  });
}

function decode(mask: MaskShape): Bitmap {
  const [left, top, right, bottom] = bounds(mask);
  const [width, height] = [right - left, bottom - top];
  const data = new Uint8Array(width * height);
  let area = 0;
  eachStretch(mask, (column, first, last) => {
    area += last - first;
    if (column < left || column >= right) return;
    for (let row = Math.max(first, top); row < Math.min(last, bottom); row += 1) data[(row - top) * width + column - left] = 1;
  });
  return { left, top, width, height, data, area };
}

const boxes = new WeakMap<MaskShape, Bounds>();

/** Whole pixels around the mask. */
export function bounds(mask: MaskShape): Bounds {
  const known = boxes.get(mask);
  if (known) return known;
  const found = mask.bbox ? aroundBox(mask, mask.bbox) : aroundRuns(mask);
  boxes.set(mask, found);
  return found;
}

function aroundBox(mask: MaskShape, [x, y, width, height]: NonNullable<MaskShape["bbox"]>): Bounds {
  const [rows, columns] = mask.size;
  return [Math.max(0, Math.floor(x)), Math.max(0, Math.floor(y)), Math.min(columns, Math.ceil(x + width)), Math.min(rows, Math.ceil(y + height))];
}

function aroundRuns(mask: MaskShape): Bounds {
  let [left, top, right, bottom] = [Infinity, Infinity, 0, 0];
  eachStretch(mask, (column, first, last) => {
    left = Math.min(left, column);
    right = Math.max(right, column + 1);
    top = Math.min(top, first);
    bottom = Math.max(bottom, last);
  });
  return left === Infinity ? [0, 0, 0, 0] : [left, top, right, bottom];
}

export function area(mask: MaskShape): number {
  return bitmapOf(mask).area;
}

export function contains(mask: MaskShape, [x, y]: Point): boolean {
  const bitmap = bitmapOf(mask);
  const [column, row] = [Math.floor(x) - bitmap.left, Math.floor(y) - bitmap.top];
  return column >= 0 && row >= 0 && column < bitmap.width && row < bitmap.height && bitmap.data[row * bitmap.width + column] === 1;
}
