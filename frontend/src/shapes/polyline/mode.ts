/** Draw lines, and add points to a line at either end. */
import { insertVertex } from "../../actions/vertices";
import type { Bench } from "../../core/bench";
import { distance } from "../../core/geometry";
import type { KeyPress, PointerInput } from "../../core/mode";
import type { Point } from "../../core/types";
import { PathMode } from "../../modes/path/path-mode";
import { extend, linesAmong, type LineAnnotation } from "./actions";
import { lengthOf, type End } from "./geometry";

export class PolylineMode extends PathMode {
  readonly name = "draw-polyline";
  /** The line that grows on, and its end that does. */
  private growing: { readonly id: string; readonly end: End } | null = null;
  private back: string | null = null;

  constructor(bench: Bench) {
    super(bench, false);
  }

  /** Go on with a line at its last point. */
  extend(id: string, back: string | null): void {
    this.back = back;
    this.growAt(id, "last");
  }

  override key(press: KeyPress): boolean {
    if (press.key === "Tab" && this.growing && !this.begun) return this.turn();
    return super.key(press);
  }

  /** Before anything is added: a click on the other end goes on from there, one on an edge puts a point into it. */
  override click(input: PointerInput): void {
    const line = this.begun ? null : this.line();
    if (line && this.growing && this.pick(line, input)) return;
    super.click(input);
  }

  protected override skipped(): string | null {
    return this.growing?.id ?? null;
  }

  protected finish(points: readonly Point[]): boolean {
    const { growing } = this;
    if (growing) {
      this.bench.apply("Added points to a line", (document) => extend(document, growing.id, growing.end, points.slice(1)));
      return true;
    }
    if (points.length < 2 || lengthOf(points) === 0) {
      if (this.begun) this.bench.say("A line has at least two points.");
      return false;
    }
    return this.bench.create({ type: "polyline", points }) !== null;
  }

  protected override finished(): void {
    const { back } = this;
    this.growing = null;
    this.back = null;
    this.path.startFrom(null);
    if (back !== null) this.bench.setMode(back);
  }

  protected say(): string {
    const drawn = [...this.path.points, ...this.path.preview()];
    const length = drawn.length > 1 ? `${lengthOf(drawn).toFixed(1)} px. ` : "";
    if (!this.growing && !this.begun) return "Click points; Shift drags freehand, Alt follows a neighbour. Esc stops.";
    if (!this.growing) return `${length}Enter or a double click ends the line; Backspace takes back; Ctrl does not snap.`;
    return this.begun ? `${length}Click more points; Enter ends.` : "Click to go on from here; on the other end (Tab) to go on there; on an edge to add a point.";
  }

  protected end(): void {
    this.bench.setMode(this.back ?? "select");
  }

  private line(): LineAnnotation | null {
    return this.growing ? (linesAmong(this.bench.document(), [this.growing.id])[0] ?? null) : null;
  }

  private growAt(id: string, end: End): true {
    this.growing = { id, end };
    const points = this.line()?.shape.points ?? [];
    this.path.startFrom((end === "last" ? points.at(-1) : points[0]) ?? null);
    this.refresh();
    return true;
  }

  private turn(): true {
    if (this.growing) this.growAt(this.growing.id, this.growing.end === "last" ? "first" : "last");
    return true;
  }

  private pick({ id, shape }: LineAnnotation, { at, reach }: PointerInput): boolean {
    const [first, last] = [shape.points[0], shape.points.at(-1)];
    if (first && distance(first, at) <= reach) return this.growAt(id, "first");
    if (last && distance(last, at) <= reach) return this.growAt(id, "last");
    const made = insertVertex(this.bench.document(), id, at, reach);
    if (made) this.bench.apply("Added a point to a line", () => made.document);
    return made !== null;
  }
}
