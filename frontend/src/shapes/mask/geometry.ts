/** What a mask covers. Masks are immutable, so one that was read is kept; only so many, because a history holds very many. */
import type { Bounds, Point, Size } from "../../core/types";
import { areaOf, boundsOfColumns, columnsOfRuns, hasPixel, runsOfColumns, trimmed, type Columns } from "./columns";
import { countsOf, runsOf } from "./rle";
import type { MaskShape } from "./shape";

/** Columns of all masks kept together: some 60 MB at the most, whatever is painted and undone. */
const MOST_COLUMNS = 2_000_000;

const read = new Map<MaskShape, Columns>();
let kept = 0;

function keep(mask: MaskShape, columns: Columns): void {
  read.set(mask, columns);
  kept += columns.list.length;
  for (const [oldest, old] of read) {
    if (kept <= MOST_COLUMNS || oldest === mask) break;
    read.delete(oldest);
    kept -= old.list.length;
  }
}

export function columnsOf(mask: MaskShape): Columns {
  const known = read.get(mask);
  if (known) {
    read.delete(mask);
    read.set(mask, known);
    return known;
  }
  const [height, width] = mask.size;
  const columns = columnsOfRuns(runsOf(mask.counts), width, height);
  keep(mask, columns);
  return columns;
}

/** The shape that holds these pixels; null when there are none. */
export function maskOf(columns: Columns): MaskShape | null {
  const tight = trimmed(columns);
  const around = boundsOfColumns(tight);
  if (!around) return null;
  const [x0, y0, x1, y1] = around;
  const mask: MaskShape = { type: "mask", size: [columns.height, columns.width], counts: countsOf(runsOfColumns(tight)), bbox: [x0, y0, x1 - x0, y1 - y0] };
  keep(mask, tight);
  return mask;
}

export function sizeOf(mask: MaskShape): Size {
  return { width: mask.size[1], height: mask.size[0] };
}

const boxes = new WeakMap<MaskShape, Bounds>();

/** Whole pixels around the mask. */
export function bounds(mask: MaskShape): Bounds {
  const known = boxes.get(mask);
  if (known) return known;
  const found = mask.bbox ? aroundBox(mask, mask.bbox) : (boundsOfColumns(columnsOf(mask)) ?? [0, 0, 0, 0]);
  boxes.set(mask, found);
  return found;
}

function aroundBox(mask: MaskShape, [x, y, width, height]: NonNullable<MaskShape["bbox"]>): Bounds {
  const [rows, columns] = mask.size;
  return [Math.max(0, Math.floor(x)), Math.max(0, Math.floor(y)), Math.min(columns, Math.ceil(x + width)), Math.min(rows, Math.ceil(y + height))];
}

const areas = new WeakMap<MaskShape, number>();

export function area(mask: MaskShape): number {
  const known = areas.get(mask) ?? areaOf(columnsOf(mask));
  areas.set(mask, known);
  return known;
}

export function contains(mask: MaskShape, [x, y]: Point): boolean {
  return hasPixel(columnsOf(mask), Math.floor(x), Math.floor(y));
}
