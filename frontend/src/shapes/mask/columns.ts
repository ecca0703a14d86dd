/**
 * The pixels of a mask as COCO's run lengths tell them, but column by column: so painting a stroke touches only the
 * columns under it, and a mask before and after the stroke share all the others. Nothing here costs what the image
 * costs; all costs what the mask's own edges cost.
 */
import type { Bounds } from "../../core/types";

/** Rows of one column inside the mask: from, to (the first one after), from, to, …; ascending, and never touching each other. */
export type Stretches = readonly number[];

export interface Columns {
  /** Of the whole image. */
  readonly width: number;
  readonly height: number;
  /** The column that `list` begins with. */
  readonly left: number;
  readonly list: readonly Stretches[];
}

export const NO_STRETCH: Stretches = [];

export function emptyColumns(width: number, height: number): Columns {
  return { width, height, left: 0, list: [] };
}

export function columnAt({ left, list }: Columns, x: number): Stretches {
  return list[x - left] ?? NO_STRETCH;
}

/** Which pixels of two masks the result has; nothing comes from nowhere: `rule(false, false)` is false. */
export type Rule = (inA: boolean, inB: boolean) => boolean;

export const UNION: Rule = (a, b) => a || b;
export const SUBTRACT: Rule = (a, b) => a && !b;
export const INTERSECT: Rule = (a, b) => a && b;

export function combineStretches(a: Stretches, b: Stretches, rule: Rule): Stretches {
  if (b.length === 0) return rule(true, false) ? a : NO_STRETCH;
  if (a.length === 0) return rule(false, true) ? b : NO_STRETCH;
  const result: number[] = [];
  let [i, j] = [0, 0];
  let inside = false;
  while (i < a.length || j < b.length) {
    const at = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    if (a[i] === at) i += 1;
    if (b[j] === at) j += 1;
    const now = rule(i % 2 === 1, j % 2 === 1);
    if (now !== inside) result.push(at);
    inside = now;
  }
  return result;
}

/** Combine two masks of one image; columns that only one of them touches are shared with it. */
export function combine(a: Columns, b: Columns, rule: Rule): Columns {
  const left = a.list.length === 0 ? b.left : b.list.length === 0 ? a.left : Math.min(a.left, b.left);
  const right = Math.max(a.list.length === 0 ? left : a.left + a.list.length, b.list.length === 0 ? left : b.left + b.list.length);
  const list = Array.from({ length: right - left }, (_, at) => combineStretches(columnAt(a, left + at), columnAt(b, left + at), rule));
  return { width: a.width, height: a.height, left, list };
}

/** All pixels of the image that are not in the mask. */
export function inverted(columns: Columns): Columns {
  const full: Stretches = [0, columns.height];
  const list = Array.from({ length: columns.width }, (_, x) => combineStretches(full, columnAt(columns, x), SUBTRACT));
  return { width: columns.width, height: columns.height, left: 0, list };
}

export function isEmpty(columns: Columns): boolean {
  return columns.list.every((stretches) => stretches.length === 0);
}

export function areaOf({ list }: Columns): number {
  let area = 0;
  for (const stretches of list) for (let at = 0; at < stretches.length; at += 2) area += (stretches[at + 1] ?? 0) - (stretches[at] ?? 0);
  return area;
}

/** Whole pixels around the mask; null when it is empty. */
export function boundsOfColumns({ left, list }: Columns): Bounds | null {
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
  list.forEach((stretches, at) => {
    const [first, last] = [stretches[0], stretches.at(-1)];
    if (first === undefined || last === undefined) return;
    minX = Math.min(minX, left + at);
    maxX = left + at + 1;
    minY = Math.min(minY, first);
    maxY = Math.max(maxY, last);
  });
  return minX === Infinity ? null : [minX, minY, maxX, maxY];
}

/** How many borders of stretches lie at or above a row: odd means inside. */
export function bordersUpTo(stretches: Stretches, row: number): number {
  let [low, high] = [0, stretches.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((stretches[middle] ?? 0) <= row) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function hasPixel(columns: Columns, x: number, y: number): boolean {
  return bordersUpTo(columnAt(columns, x), y) % 2 === 1;
}

/** Drop empty columns at both ends. */
export function trimmed(columns: Columns): Columns {
  const first = columns.list.findIndex((stretches) => stretches.length > 0);
  if (first === -1) return emptyColumns(columns.width, columns.height);
  const last = columns.list.findLastIndex((stretches) => stretches.length > 0);
  return { ...columns, left: columns.left + first, list: columns.list.slice(first, last + 1) };
}

/** Read run lengths of a whole image, zeros first. */
export function columnsOfRuns(runs: readonly number[], width: number, height: number): Columns {
  const list: number[][] = [];
  let left = 0;
  let position = 0;
  for (let index = 0; index < runs.length; index += 1) {
    const end = Math.min(position + (runs[index] ?? 0), width * height);
    for (let at = position; index % 2 === 1 && at < end; ) {
      const x = Math.floor(at / height);
      const below = Math.min(end - x * height, height);
      if (list.length === 0) left = x;
      while (list.length <= x - left) list.push([]);
      append(list[x - left], at - x * height, below);
      at = x * height + below;
    }
    position = end;
  }
  return { width, height, left, list };
}

/** Runs of length zero may stand between two that belong together. */
function append(stretches: number[] | undefined, from: number, to: number): void {
  if (!stretches) return;
  if (stretches.length > 0 && stretches[stretches.length - 1] === from) stretches[stretches.length - 1] = to;
  else stretches.push(from, to);
}

/** Write run lengths of the whole image, zeros first. */
export function runsOfColumns({ width, height, left, list }: Columns): number[] {
  const runs: number[] = [];
  let last = 0;
  for (let at = 0; at < list.length; at += 1) {
    const stretches = list[at] ?? NO_STRETCH;
    const base = (left + at) * height;
    for (let k = 0; k < stretches.length; k += 2) {
      const [from, to] = [base + (stretches[k] ?? 0), base + (stretches[k + 1] ?? 0)];
      if (from === last && runs.length > 0) runs[runs.length - 1] = (runs[runs.length - 1] ?? 0) + to - from;
      else runs.push(from - last, to - from);
      last = to;
    }
  }
  if (last < width * height) runs.push(width * height - last);
  return runs;
}
