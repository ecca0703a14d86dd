/** Edit one object's points: drag them, hide and show them, take them away, put missing ones back. */
import { remove, setShape } from "../../actions/annotations";
import { NO_OVERLAY, type Bench } from "../../core/bench";
import { distance } from "../../core/geometry";
import type { Handle } from "../../core/kinds";
import type { KeyPress, Mode, PointerInput } from "../../core/mode";
import type { Skeleton } from "../../core/skeleton";
import type { Annotation, Point } from "../../core/types";
import { isThere, missingNames, mirrored, placedAt, visibilityToggled, withoutPoint, withPoint } from "./actions";
import { paintNames } from "./overlay";
import type { PointsShape } from "./shape";

interface PointsAnnotation extends Annotation {
  readonly shape: PointsShape;
}

/** What a click does: nothing special, take points away, or add them. */
type Task = "none" | "removing" | "adding";

const ARROWS: Readonly<Record<string, Point>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const VISIBILITIES = ["not there", "hidden", "visible"] as const;

export class PointsEditMode implements Mode {
  readonly name = "edit";
  private active: number | null = null;
  private grabbed: number | null = null;
  /** The press met a point, which may be gone by the click that follows. */
  private taken = false;
  private dragged: PointsShape | null = null;
  private task: Task = "none";

  constructor(private readonly bench: Bench) {}

  /** The point under the pointer, or the one that keys chose. */
  get marked(): number | null {
    return this.active;
  }

  mark(index: number | null): void {
    this.active = index;
    this.refresh();
  }

  press(input: PointerInput): boolean {
    const only = this.only();
    const index = only && this.indexAt(only.shape, input);
    this.taken = Boolean(only) && index !== null;
    if (!only || index === null) return false;
    this.active = index;
    if (this.task === "removing") this.change("Removed a point", (shape) => withoutPoint(shape, index, this.skeletonOf(only)));
    else if (input.alt) this.change("Changed a point's visibility", (shape) => visibilityToggled(shape, index));
    else this.grabbed = index;
    return true;
  }

  drag(input: PointerInput): void {
    const only = this.only();
    if (!only || this.grabbed === null) return;
    this.dragged = placedAt(only.shape, this.grabbed, input.at, this.bench.size);
    this.bench.preview([{ ...only, shape: this.dragged }]);
    this.refresh();
  }

  release(): void {
    const { dragged } = this;
    this.dragged = this.grabbed = null;
    this.bench.preview([]);
    if (dragged) this.change("Moved a point", () => dragged);
    this.refresh();
  }

  move(input: PointerInput): void {
    const only = this.only();
    this.active = only ? (this.indexAt(only.shape, input) ?? null) : null;
    this.refresh();
  }

  click(input: PointerInput): void {
    const only = this.only();
    if (this.taken) return;
    if (this.task === "adding" && only) {
      this.add(input.at, input.alt ? 1 : 2);
      return;
    }
    const hits = this.bench.hits(input.at, input.reach);
    if (only && hits.includes(only.id)) return;
    this.bench.select(hits.slice(0, 1));
    this.bench.setMode(hits.length === 0 ? "select" : "edit");
  }

  doubleClick(): void {
    // Both of its clicks have had their effect.
  }

  key(press: KeyPress): boolean {
    if (press.ctrl || press.alt) return false;
    if (press.key === "Escape" || press.key === "Enter") {
      if (this.task === "none") this.bench.setMode("select");
      else this.begin("none");
      return true;
    }
    if (press.key === "Delete" || press.key === "Backspace") return this.take() || true;
    if (press.key === "Tab") return this.walk(press.shift ? -1 : 1);
    return this.nudge(press);
  }

  act(command: string): boolean {
    const index = this.active;
    switch (command) {
      case "hidden":
        return index !== null && this.change("Changed a point's visibility", (shape) => visibilityToggled(shape, index));
      case "absent":
        return this.take();
      case "remove":
        return this.begin(this.task === "removing" ? "none" : "removing");
      case "add":
        return this.begin(this.task === "adding" ? "none" : "adding");
      case "mirror":
        return this.mirror();
      default:
        return false;
    }
  }

  refresh(): void {
    const only = this.only();
    if (!only) {
      this.bench.overlay(NO_OVERLAY);
      return;
    }
    const { shape } = only;
    if (this.active !== null && !isThereAt(shape, this.active)) this.active = null;
    const marked = this.active;
    const cursor = this.task === "adding" ? "crosshair" : marked === null ? "default" : this.task === "removing" ? "not-allowed" : "move";
    const at = marked === null ? undefined : (this.dragged ?? shape).points[marked];
    this.bench.overlay({
      ...NO_OVERLAY, handles: this.grabbed === null ? handlesOf(shape) : [], activeHandle: marked === null ? null : String(marked), cursor, hint: this.hint(only),
      paint: (frame) => paintNames(frame, at && at.name !== "" ? [{ name: at.name, at: [at.x, at.y] }] : []),
    });
  }

  leave(): void {
    this.dragged = this.grabbed = null;
    this.bench.preview([]);
    this.bench.hover(null);
  }

  private only(): PointsAnnotation | null {
    const [id, ...others] = this.bench.selection();
    const annotation = id !== undefined && others.length === 0 ? this.bench.document().get(id) : undefined;
    return annotation?.shape.type === "points" && this.bench.isFree(annotation.id) ? (annotation as PointsAnnotation) : null;
  }

  private skeletonOf({ label }: Annotation): Skeleton | null {
    return this.bench.skeleton(label);
  }

  private indexAt(shape: PointsShape, { at, reach }: PointerInput): number | null {
    let best: number | null = null;
    let nearest = reach;
    shape.points.forEach((point, index) => {
      const away = distance([point.x, point.y], at);
      if (isThere(point) && away <= nearest) [best, nearest] = [index, away];
    });
    return best;
  }

  private change(title: string, edit: (shape: PointsShape) => PointsShape | null, mergeKey?: string): true {
    const only = this.only();
    const shape = only && edit(only.shape);
    if (only && shape) this.bench.apply(title, (document) => setShape(document, only.id, shape), mergeKey);
    else if (only) {
      this.bench.apply("Deleted", (document) => remove(document, [only.id]));
      this.bench.setMode("select");
    }
    return true;
  }

  private take(): boolean {
    const [index, only] = [this.active, this.only()];
    if (index === null || !only) return false;
    return this.change("Removed a point", (shape) => withoutPoint(shape, index, this.skeletonOf(only)));
  }

  private add(at: Point, v: 1 | 2): void {
    const only = this.only();
    if (!only) return;
    const skeleton = this.skeletonOf(only);
    const name = skeleton ? missingNames(only.shape, skeleton)[0] : "";
    if (name === undefined) return;
    this.change("Added a point", (shape) => withPoint(shape, name, at, v, this.bench.size, skeleton));
    if (skeleton && this.missing().length === 0) this.begin("none");
  }

  private missing(): readonly string[] {
    const only = this.only();
    const skeleton = only && this.skeletonOf(only);
    return only && skeleton ? missingNames(only.shape, skeleton) : [];
  }

  private begin(task: Task): true {
    const only = this.only();
    if (task === "adding" && only && this.skeletonOf(only) && this.missing().length === 0) this.bench.say("All points of the skeleton are there.");
    else this.task = task;
    this.refresh();
    return true;
  }

  private mirror(): boolean {
    const only = this.only();
    const skeleton = only && this.skeletonOf(only);
    return skeleton ? this.change("Swapped left and right", (shape) => mirrored(shape, skeleton)) : false;
  }

  private walk(step: 1 | -1): boolean {
    const only = this.only();
    if (!only) return false;
    const there = only.shape.points.flatMap((point, index) => (isThere(point) ? [index] : []));
    const at = this.active === null ? (step === 1 ? -1 : there.length) : there.indexOf(this.active);
    const next = there[at + step];
    this.mark(next ?? null);
    // Past either end the key goes on to the objects.
    return next !== undefined;
  }

  private nudge({ key, shift }: KeyPress): boolean {
    const [step, index, only] = [ARROWS[key], this.active, this.only()];
    const point = index === null ? undefined : only?.shape.points[index];
    if (!step || !point || index === null) return false;
    const by = shift ? 10 : 1;
    return this.change("Nudged a point", (shape) => placedAt(shape, index, [point.x + step[0] * by, point.y + step[1] * by], this.bench.size), `nudge point ${index}`);
  }

  private hint(only: PointsAnnotation): string {
    if (this.task === "removing") return "Click points to take them away. R or Esc when done.";
    const next = this.missing()[0];
    if (this.task === "adding") return next === undefined ? "Click where a point goes. K or Esc when done." : `Click where ${next} goes; Alt and click: hidden. K or Esc when done.`;
    const point = this.active === null ? undefined : only.shape.points[this.active];
    const what = point ? `${point.name === "" ? "This point" : point.name} is ${VISIBILITIES[point.v] ?? ""}. H: hidden or visible. Delete: not there. ` : "";
    return `${what}Drag points; Tab and the arrows reach them by keys. R removes, K puts back${this.skeletonOf(only)?.flip.length ? ", Shift+F swaps left and right" : ""}. Esc when done.`;
  }
}

function isThereAt(shape: PointsShape, index: number): boolean {
  const point = shape.points[index];
  return point !== undefined && isThere(point);
}

export function handlesOf(shape: PointsShape): readonly Handle[] {
  return shape.points.flatMap((point, index): Handle[] => (isThere(point) ? [{ key: String(index), at: [point.x, point.y], role: "point", cursor: "move" }] : []));
}

/** The editing of points where it is alive. */
export function editModeOf(bench: Bench): PointsEditMode | null {
  return bench.alive instanceof PointsEditMode ? bench.alive : null;
}
