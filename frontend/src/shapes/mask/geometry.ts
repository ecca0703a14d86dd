/** A mask decoded inside its bounding box. */
import type { Bounds, MaskShape, Point } from "../../core/types";
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

function decode(mask: MaskShape): Bitmap {
  const [rows, columns] = mask.size;
  const [left, top, right, bottom] = pixelBounds(mask);
  const width = right - left;
  const data = new Uint8Array(width * (bottom - top));
  let area = 0;
  let position = 0;
  runsOf(mask.counts).forEach((run, index) => {
    const end = Math.min(position + run, rows * columns);
    if (index % 2 === 1) {
      area += run;
      for (let at = position; at < end; at += 1) {
        const [x, y] = [Math.floor(at / rows) - left, (at % rows) - top];
        if (x >= 0 && x < width && y >= 0 && y < bottom - top) data[y * width + x] = 1;
      }
    }
    position = end;
  });
  return { left, top, width, height: bottom - top, data, area };
}

function pixelBounds(mask: MaskShape): Bounds {
  const [x, y, width, height] = mask.bbox;
  const [rows, columns] = mask.size;
  return [Math.max(0, Math.floor(x)), Math.max(0, Math.floor(y)), Math.min(columns, Math.ceil(x + width)), Math.min(rows, Math.ceil(y + height))];
}

export function bounds(mask: MaskShape): Bounds {
  const [x, y, width, height] = mask.bbox;
  return [x, y, x + width, y + height];
}

export function area(mask: MaskShape): number {
  return bitmapOf(mask).area;
}

export function contains(mask: MaskShape, [x, y]: Point): boolean {
  const bitmap = bitmapOf(mask);
  const [column, row] = [Math.floor(x) - bitmap.left, Math.floor(y) - bitmap.top];
  return column >= 0 && row >= 0 && column < bitmap.width && row < bitmap.height && bitmap.data[row * bitmap.width + column] === 1;
}
