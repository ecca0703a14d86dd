/** Pixels of a mask as bytes, at full size or made smaller, for canvases. */
import { columnAt, type Columns } from "./columns";
import { bounds, columnsOf } from "./geometry";
import type { MaskShape } from "./shape";

export interface Window {
  /** In pixels of its level. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * One byte a pixel, row by row: 1 where a mask has anything. At level n a pixel stands for 2^n by 2^n of the image, so
 * that even a thin line is seen from far away.
 */
export function bytesOf(columns: Columns, level: number, window: Window): Uint8Array {
  return filledBytes(columns, level, window) ?? new Uint8Array(window.width * window.height);
}

/** The same; null when there is nothing in the window. */
function filledBytes(columns: Columns, level: number, { x, y, width, height }: Window): Uint8Array | null {
  let any = false;
  const bytes = new Uint8Array(width * height);
  const [step, bottom] = [2 ** level, y + height];
  const from = Math.max(x * step, columns.left);
  const to = Math.min((x + width) * step, columns.left + columns.list.length);
  for (let column = from; column < to; column += 1) {
    const across = (column >> level) - x;
    const stretches = columnAt(columns, column);
    for (let k = 0; k < stretches.length; k += 2) {
      const first = Math.max(y, (stretches[k] ?? 0) >> level);
      const last = Math.min(bottom - 1, ((stretches[k + 1] ?? 0) - 1) >> level);
      any ||= first <= last;
      for (let row = first; row <= last; row += 1) bytes[(row - y) * width + across] = 1;
    }
  }
  return any ? bytes : null;
}

export interface Look {
  /** 0xRRGGBB */
  readonly rgb: number;
  /** Its edge is broken. */
  readonly draft: boolean;
}

const FILL_ALPHA = 90;
const EDGE_ALPHA = 235;
/** A draft's edge is broken: so many pixels on, so many off. */
const DASH_PX = 3;

/** Paint a window of a mask: its pixels in a thin colour, those at its edge in a strong one; null when it has none there. A pixel more around the window tells what is an edge. */
export function painted(columns: Columns, level: number, window: Window, look: Look): Uint8ClampedArray<ArrayBuffer> | null {
  const { width, height } = window;
  const wide = width + 2;
  const bytes = filledBytes(columns, level, { x: window.x - 1, y: window.y - 1, width: wide, height: height + 2 });
  if (!bytes) return null;
  const pixels = new Uint32Array(width * height);
  const [fill, edge] = [abgr(look.rgb, FILL_ALPHA), abgr(look.rgb, EDGE_ALPHA)];
  for (let row = 0; row < height; row += 1) {
    let at = (row + 1) * wide + 1;
    for (let column = 0; column < width; column += 1, at += 1) {
      if (bytes[at] === 0) continue;
      const isEdge = bytes[at - 1] === 0 || bytes[at + 1] === 0 || bytes[at - wide] === 0 || bytes[at + wide] === 0;
      const on = isEdge && !(look.draft && Math.floor((window.x + column + window.y + row) / DASH_PX) % 2 === 1);
      pixels[row * width + column] = on ? edge : fill;
    }
  }
  return new Uint8ClampedArray(pixels.buffer);
}

/** A pixel as canvases on little-endian machines (all that browsers run on) keep it. */
function abgr(rgb: number, alpha: number): number {
  return ((alpha << 24) | ((rgb & 255) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}

export interface Bitmap {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Row by row, 1 inside. */
  readonly data: Uint8Array;
}

/** A mask inside its bounds. */
export function bitmapOf(mask: MaskShape): Bitmap {
  const [left, top, right, bottom] = bounds(mask);
  const [width, height] = [right - left, bottom - top];
  return { left, top, width, height, data: bytesOf(columnsOf(mask), 0, { x: left, y: top, width, height }) };
}
