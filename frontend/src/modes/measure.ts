/** Measure lengths and areas; nothing is added to the document. */
import type { Bench, PaintFrame } from "../core/bench";
import { distance } from "../core/geometry";
import type { KeyPress, Mode, PointerInput } from "../core/mode";
import { paintPlate } from "../core/plate";
import { areaText, lengthText, type Ruler } from "../core/ruler";
import type { Annotation, Bounds, Point, Ring } from "../core/types";
import { kindOf } from "../shapes/kinds";

const HINT = "Click from point to point. Double click or Enter ends the line, a click on its first point closes an area; Esc clears.";

export class MeasureMode implements Mode {
  readonly name = "measure";
  readonly onlyLooks = true;
  private points: readonly Point[] = [];
  private pointer: Point | null = null;
  private done = false;

  constructor(private readonly bench: Bench) {}

  press(): boolean {
    return false;
  }

  drag(): void {
    // Dragging pans.
  }

  release(): void {
    // Dragging pans.
  }

  move(input: PointerInput): void {
    this.pointer = input.at;
    if (this.points.length > 0 && !this.done) this.refresh();
  }

  click({ at, reach }: PointerInput): void {
    const first = this.points[0];
    const last = this.points.at(-1);
    if (this.done || !first || !last) this.take([at], false);
    else if (this.points.length > 2 && distance(first, at) <= reach) this.take([...this.points, first], true);
    else if (distance(last, at) > reach / 2) this.take([...this.points, at], false);
  }

  doubleClick(): void {
    if (!this.done && this.points.length > 1) this.take(this.points, true);
  }

  key(press: KeyPress): boolean {
    if (press.ctrl || press.alt) return false;
    if (press.key === "Enter") this.take(this.points, this.points.length > 1);
    else if (press.key === "Backspace") this.take(this.points.slice(0, -1), false);
    else if (press.key === "Escape" && this.points.length > 0) this.take([], false);
    else if (press.key === "Escape") this.bench.setMode("select");
    else return false;
    return true;
  }

  refresh(): void {
    const text = this.text();
    this.bench.overlay({
      sketch: { lines: [this.line()], dots: this.points }, handles: [], activeHandle: null, cursor: "crosshair",
      hint: text || HINT,
      ...(text ? { paint: (frame: PaintFrame) => paintBeside(frame, this.line().at(-1) ?? [0, 0], text) } : {}),
    });
  }

  leave(): void {
    this.points = [];
    this.bench.overlay({ sketch: null, handles: [], activeHandle: null, cursor: "default" });
  }

  private take(points: readonly Point[], done: boolean): void {
    this.points = points;
    this.done = done;
    this.refresh();
  }

  /** What is drawn: the points, and on to the pointer while the line grows. */
  private line(): readonly Point[] {
    return this.done || !this.pointer || this.points.length === 0 ? this.points : [...this.points, this.pointer];
  }

  private text(): string {
    const line = this.line();
    return line.length > 1 ? told(this.bench.ruler, line) : "";
  }
}

/** "412.5 m", and of a closed line "160.0 m around, 1,500 m²". */
function told(ruler: Ruler, line: readonly Point[]): string {
  const length = lengthText(ruler.length(line), ruler.unit);
  const closed = line.length > 3 && line[0] === line.at(-1);
  return closed ? `${length} around, ${areaText(ruler.area(line), ruler.unit)}` : length;
}

/** Outline and area of an object, for whoever measures without a pointer; "" where it has neither. */
export function sizeOf(ruler: Ruler, { shape }: Annotation): string {
  const kind = kindOf(shape);
  const bounds = kind.bounds(shape);
  if (!bounds) return "";
  const length = kind.outline(shape).lines.reduce((sum, line) => sum + ruler.length(line), 0);
  const area = kind.area(shape) * areaOfPixel(ruler, bounds);
  const texts = [length > 0 ? lengthText(length, ruler.unit) : "", area > 0 ? areaText(area, ruler.unit) : ""];
  return texts.filter((text) => text !== "").join(", ");
}

/** On the ground, about an object: shapes know their area in pixels, holes and all. */
function areaOfPixel(ruler: Ruler, [left, top, right, bottom]: Bounds): number {
  if (ruler.unit === "px") return 1;
  const [width, height] = [Math.max(right - left, 1), Math.max(bottom - top, 1)];
  const ring: Ring = [[left, top], [left + width, top], [left + width, top + height], [left, top + height], [left, top]];
  return ruler.area(ring) / (width * height);
}

/** Right of the pointer and below, where the hand does not cover it. */
function paintBeside({ context, place, pixelRatio }: PaintFrame, at: Point, text: string): void {
  const [x, y] = place(at);
  paintPlate(context, text, [x + 14 * pixelRatio, y + 10 * pixelRatio], pixelRatio);
}
