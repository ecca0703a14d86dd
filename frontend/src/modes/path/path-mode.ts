/** Draw a line point by point; what becomes of it is said by the shapes that draw this way. */
import type { Bench, PaintFrame } from "../../core/bench";
import type { KeyPress, Mode, PointerInput } from "../../core/mode";
import type { Point } from "../../core/types";
import { GrowingPath } from "./growing";

export abstract class PathMode implements Mode {
  abstract readonly name: string;
  protected readonly path: GrowingPath;
  private hint = "";

  constructor(
    protected readonly bench: Bench,
    closes: boolean,
  ) {
    this.path = new GrowingPath(bench, closes, () => this.skipped(), () => this.bench.alive === this && this.refresh());
  }

  /** Make something of the points; false when it cannot be, and the person goes on drawing. */
  protected abstract finish(points: readonly Point[]): boolean;
  /** Something was made: stay for the next one, or go where the person came from. */
  protected finished(): void {
    // Most stay.
  }
  /** One line on what the pointer does now. */
  protected abstract say(): string;
  /** Leave with nothing drawn. */
  protected abstract end(): void;

  /** An object that is not snapped to. */
  protected skipped(): string | null {
    return null;
  }

  protected paint(frame: PaintFrame): void {
    this.path.paint(frame);
  }

  get begun(): boolean {
    return this.path.begun;
  }

  press(input: PointerInput): boolean {
    const taken = this.path.press(input);
    this.refresh();
    return taken;
  }

  drag(input: PointerInput): void {
    this.path.drag(input);
    this.refresh();
  }

  release(input: PointerInput): void {
    this.path.release(input);
    this.refresh();
  }

  move(input: PointerInput): void {
    this.path.move(input);
    this.refresh();
  }

  click(input: PointerInput): void {
    // What was said before is old news once the hand goes on.
    this.bench.say("");
    if (this.path.click(input)) this.close();
    else this.refresh();
  }

  // Its two clicks came first: the corner is there already.
  doubleClick(): void {
    if (!this.path.tracing) this.close();
  }

  key(press: KeyPress): boolean {
    if (press.ctrl || press.alt) return false;
    if (press.key === "Escape") return this.stop();
    if (press.key === "Enter") return this.enter();
    if (press.key === "Tab" && this.path.tracing) return this.act("flip");
    if (press.key === "Backspace" && this.begun) return this.act("back");
    return false;
  }

  act(command: string): boolean {
    if (command === "back") this.path.back();
    else if (command === "flip") this.path.flip();
    else if (command === "look") this.path.look();
    else if (command !== "close") return false;
    if (command === "close") this.close();
    else this.refresh();
    return true;
  }

  refresh(): void {
    this.hint = this.hintOfPath() ?? this.say();
    this.bench.overlay({ sketch: null, handles: [], activeHandle: null, cursor: "crosshair", hint: this.hint, paint: (frame) => this.paint(frame) });
  }

  /** What was drawn far enough to be something is kept: a stroke is never lost by taking up another tool. */
  leave(): void {
    if (this.path.begun) this.finish(this.path.points);
    this.path.leave();
  }

  protected close(): void {
    if (this.finish(this.path.points)) {
      this.path.clear();
      this.finished();
    }
    if (this.bench.alive === this) this.refresh();
  }

  private hintOfPath(): string | null {
    if (this.path.tracing) return "Click where to leave the border; Tab takes the other way round; Backspace lets go.";
    if (this.path.far) return "Too far from the last point to follow edges: the line is straight. Click nearer, or zoom out.";
    if (this.path.looking) return "Looking for edges in the picture…";
    if (!this.path.clinging || !this.begun) return null;
    return `The line clings to edges: click to hold it, Shift goes straight, Backspace takes back a piece; Enter ${this.path.closes ? "or the first corner closes" : "ends"}.`;
  }

  private enter(): true {
    if (this.begun) this.close();
    else this.end();
    return true;
  }

  private stop(): true {
    if (this.begun) {
      this.path.clear();
      this.refresh();
    } else this.end();
    return true;
  }
}
