/** The mask that is painted at this moment, and the outline of the brush. */
import type { PaintFrame } from "../../core/bench";
import type { Bounds, Point, Size } from "../../core/types";
import { snapped, type Brush } from "./brush";
import { columnAt, type Columns } from "./columns";
import { Sheet } from "./sheet";

const LIGHT = "#ffffff";
const DARK = "rgba(16, 32, 28, 0.9)";
/** A brush smaller than this on screen gets a cross, so that it is seen. */
const SMALLEST_SEEN_PX = 7;
const CROSS_PX = 9;
const MINUS_PX = 4;

export class WorkingSheet {
  private sheet: Sheet | null = null;
  private color = "";

  constructor(
    private readonly size: Size,
    private columns: Columns,
  ) {}

  update(columns: Columns, changed: Bounds): void {
    this.columns = columns;
    this.sheet?.update(columns, changed);
  }

  /** Take other columns; only those that are not shared with the ones before are painted again. */
  replace(columns: Columns): void {
    const before = this.columns;
    this.columns = columns;
    const left = Math.min(before.left, columns.left);
    const right = Math.max(before.left + before.list.length, columns.left + columns.list.length);
    let [first, last] = [Infinity, -Infinity];
    for (let x = left; x < right; x += 1) {
      if (columnAt(before, x) === columnAt(columns, x)) continue;
      first = Math.min(first, x);
      last = x + 1;
    }
    if (first < last) this.sheet?.update(columns, [first, 0, last, this.size.height]);
  }

  draw({ context, place, scale }: PaintFrame, color: string): void {
    if (!this.sheet || color !== this.color) {
      this.sheet?.dispose();
      this.color = color;
      this.sheet = new Sheet(this.columns, { rgb: Number.parseInt(color.slice(1, 7), 16), draft: false }, [0, 0, this.size.width, this.size.height]);
    }
    this.sheet.draw(context, { origin: place([0, 0]), scale, across: context.canvas.width, down: context.canvas.height }, "plain");
  }

  dispose(): void {
    this.sheet?.dispose();
    this.sheet = null;
  }
}

/** The brush at its true size, light on dark so that it is seen on every image; a minus in it where it erases (dashes cost frames). */
export function paintCursor({ context, place, scale, pixelRatio }: PaintFrame, pointer: Point, brush: Brush, erases: boolean): void {
  const [x, y] = place(snapped(pointer, brush));
  const half = (brush.size_px * scale) / 2;
  for (const [color, width] of [[DARK, 3], [LIGHT, 1.25]] as const) {
    context.strokeStyle = color;
    context.lineWidth = width * pixelRatio;
    context.beginPath();
    if (erases) {
      context.moveTo(x - MINUS_PX * pixelRatio, y);
      context.lineTo(x + MINUS_PX * pixelRatio, y);
      context.moveTo(x + half, y);
    }
    if (brush.form === "square") context.rect(x - half, y - half, 2 * half, 2 * half);
    else context.ellipse(x, y, half, half, 0, 0, 2 * Math.PI);
    context.stroke();
  }
  if (2 * half < SMALLEST_SEEN_PX * pixelRatio) paintCross(context, x, y, half + 2 * pixelRatio, CROSS_PX * pixelRatio, pixelRatio);
}

function paintCross(context: CanvasRenderingContext2D, x: number, y: number, from: number, length: number, pixelRatio: number): void {
  for (const [color, width] of [[DARK, 3], [LIGHT, 1.25]] as const) {
    context.strokeStyle = color;
    context.lineWidth = width * pixelRatio;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
      context.moveTo(x + dx * from, y + dy * from);
      context.lineTo(x + dx * (from + length), y + dy * (from + length));
    }
    context.stroke();
  }
}
