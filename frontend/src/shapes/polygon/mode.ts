/** Draw polygons: objects, further parts and holes of an object, and the line that cuts one. */
import type { Bench } from "../../core/bench";
import type { Point } from "../../core/types";
import { PathMode } from "../../modes/path/path-mode";
import { addHole, addPart, holeRefusal, polygonsAmong, splitBy } from "./actions";
import { tidyRing } from "./clip";
import { polygonOf } from "./geometry";
import { SPLIT_INTO_PARTS } from "./settings";

export type Purpose = "object" | "part" | "hole" | "split";

const HINTS: Record<Purpose, string> = {
  object: "Click corners; Shift drags freehand, Alt follows a neighbour's border. Esc stops.",
  part: "Draw another part of the object; Enter closes it. Esc stops.",
  hole: "Draw a hole inside the object; Enter closes it. Esc stops.",
  split: "Draw a line across the object, from border to border; Enter or a double click cuts. Esc stops.",
};

export class PolygonMode extends PathMode {
  readonly name = "draw-polygon";
  private purpose: Purpose = "object";
  /** Of what it is a part or a hole, or what is cut. */
  private ids: readonly string[] = [];
  private back: string | null = null;

  constructor(bench: Bench) {
    super(bench, true);
  }

  /** Draw something for objects that are there, then go back to a mode; null stays. */
  begin(purpose: Purpose, ids: readonly string[], back: string | null): void {
    this.path.closes = purpose !== "split";
    this.purpose = purpose;
    this.ids = ids;
    this.back = back;
    this.refresh();
  }

  /** Finish what has begun, so that a part or a hole of it can follow. */
  settle(): void {
    if (this.begun) this.close();
  }

  override act(command: string): boolean {
    if (command === "part" || command === "hole") return this.follow(command);
    return super.act(command);
  }

  protected finish(points: readonly Point[]): boolean {
    if (this.purpose === "split") return this.cut(points);
    const ring = tidyRing([...points, ...points.slice(0, 1)]);
    const shape = polygonOf(ring.slice(0, -1));
    if (ring.length < 4) return this.refuse(points.length < 3 ? "A polygon has at least three corners." : "These corners enclose nothing.");
    if (this.purpose === "object") return this.bench.create(shape) !== null || this.refuse("This campaign has no label to give. Add one on its page first.");
    return this.purpose === "part" ? this.addPart(ring) : this.addHole(ring);
  }

  protected override finished(): void {
    const { back } = this;
    this.begin("object", [], null);
    if (back !== null) this.bench.setMode(back);
  }

  protected say(): string {
    if (!this.begun && this.purpose === "object" && this.path.clinging) return "Click on an edge of the picture and along it: the line follows. Shift goes straight, Esc stops.";
    if (!this.begun || this.purpose === "split") return HINTS[this.purpose];
    return "Enter or the first corner closes; Backspace takes back; Ctrl does not snap.";
  }

  protected end(): void {
    this.bench.setMode(this.back ?? "select");
  }

  /** G and H while drawing: for what has just been drawn, or is just being drawn. */
  private follow(purpose: "part" | "hole"): boolean {
    this.settle();
    const [polygon, other] = polygonsAmong(this.bench.document(), this.bench.selection());
    if (this.begun || !polygon || other) return false;
    this.begin(purpose, [polygon.id], null);
    return true;
  }

  private addPart(ring: readonly Point[]): boolean {
    this.bench.apply("Added a part", (document) => this.ids.reduce((next, id) => addPart(next, id, ring), document));
    return true;
  }

  private addHole(ring: readonly Point[]): boolean {
    const [polygon] = polygonsAmong(this.bench.document(), this.ids);
    const refusal = polygon ? holeRefusal(polygon.shape, ring) : "The object is gone.";
    if (refusal !== null) return this.refuse(refusal);
    this.bench.apply("Cut a hole", (document) => this.ids.reduce((next, id) => addHole(next, id, ring), document));
    return true;
  }

  private cut(line: readonly Point[]): boolean {
    const before = this.bench.document();
    const into = this.bench.settings.get(SPLIT_INTO_PARTS) ? "parts" : "objects";
    const after = splitBy(before, this.ids, line, into, () => this.bench.freshId());
    if (after === before) return this.refuse("The line does not cross the object from border to border. Go on drawing, or Backspace.");
    this.bench.apply("Cut an object", () => after);
    this.bench.select([...this.ids.filter((id) => after.has(id)), ...[...after.keys()].filter((id) => !before.has(id))]);
    return true;
  }

  private refuse(why: string): false {
    if (this.begun) this.bench.say(why);
    return false;
  }
}
