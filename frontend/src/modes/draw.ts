/** Draw with a tool; every kind of shape that can be drawn shares this mode. Stays alive for the next object. */
import type { Bench } from "../core/bench";
import type { Sketch, SketchContext, SketchTool } from "../core/kinds";
import type { KeyPress, Mode, PointerInput } from "../core/mode";

export class DrawMode implements Mode {
  readonly name: string;
  private sketch: Sketch;

  constructor(
    private readonly bench: Bench,
    private readonly tool: SketchTool,
  ) {
    this.name = `draw-${tool.name}`;
    this.sketch = tool.start(bench);
  }

  press(input: PointerInput): boolean {
    if (this.tool.drags) this.take(this.sketch.press(input.at, this.context(input)));
    return this.tool.drags;
  }

  drag(input: PointerInput): void {
    this.take(this.sketch.move(input.at, this.context(input)));
  }

  release(input: PointerInput): void {
    this.take(this.sketch.release(input.at, this.context(input)));
  }

  move(input: PointerInput): void {
    this.take(this.sketch.move(input.at, this.context(input)));
  }

  click(input: PointerInput): void {
    this.take(this.sketch.click(input.at, this.context(input)));
  }

  doubleClick(input: PointerInput): void {
    this.take(this.sketch.doubleClick(input.at, this.context(input)));
  }

  key(press: KeyPress): boolean {
    if (press.ctrl || press.alt) return false;
    if (press.key === "Escape") return this.stop();
    if (press.key === "Enter") return this.sketch.begun ? this.take(this.sketch.finish()) : this.stop();
    if (press.key === "Backspace" && this.sketch.begun) return this.take(this.sketch.back());
    return false;
  }

  refresh(): void {
    this.bench.overlay({ sketch: this.sketch.outline, handles: [], activeHandle: null, cursor: "crosshair" });
  }

  leave(): void {
    this.sketch = this.tool.start(this.bench);
  }

  private stop(): true {
    if (this.sketch.begun) this.take(this.tool.start(this.bench));
    else this.bench.setMode("select");
    return true;
  }

  private take(next: Sketch): true {
    const { done } = next;
    this.sketch = done ? this.tool.start(this.bench) : next;
    if (done) this.bench.create(done);
    this.refresh();
    return true;
  }

  private context(input: PointerInput): SketchContext {
    return { size: this.bench.size, reach: input.reach, constrain: input.shift, alt: input.alt };
  }
}
