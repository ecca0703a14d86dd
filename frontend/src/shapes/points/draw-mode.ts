/** Place points: one by one along a skeleton, all of it by dragging a box, or freely where the label has no skeleton. */
import { setShape } from "../../actions/annotations";
import { NO_OVERLAY, type Bench, type PaintFrame } from "../../core/bench";
import { distance } from "../../core/geometry";
import type { KeyPress, Mode, PointerInput } from "../../core/mode";
import { templateIn, type Skeleton } from "../../core/skeleton";
import type { Bounds, Point } from "../../core/types";
import { pointAt, withPoint, type Visibility } from "./actions";
import { Guide } from "./guide";
import { paintNames, paintSkeleton } from "./overlay";
import type { NamedPoint } from "./shape";

export const POINTS_MODE = "draw-points";

export class PointsMode implements Mode {
  readonly name = POINTS_MODE;
  private guide: Guide | null = null;
  /** The corners of the box that is being dragged for the whole template. */
  private box: readonly [Point, Point] | null = null;
  private pressed: Point | null = null;
  private pointer: Point | null = null;
  /** Further clicks belong to one object: its id, or "next" for the object that the next click begins. */
  private gathering: string | null = null;

  constructor(private readonly bench: Bench) {}

  /** The skeleton that the next object follows. */
  get skeleton(): Skeleton | null {
    const label = this.bench.label();
    return label === null ? null : this.bench.skeleton(label);
  }

  /** How far the walk along the skeleton is; null where there is none. */
  get progress(): Guide | null {
    const { skeleton } = this;
    if (!skeleton) return null;
    if (this.guide?.skeleton !== skeleton) this.guide = new Guide(skeleton);
    return this.guide;
  }

  get isGathering(): boolean {
    return this.gathering !== null;
  }

  press(input: PointerInput): boolean {
    const guide = this.progress;
    if (!guide || guide.begun) return false;
    this.pressed = input.at;
    return true;
  }

  drag(input: PointerInput): void {
    this.pointer = input.at;
    if (this.pressed) this.box = [this.pressed, input.at];
    this.refresh();
  }

  release(input: PointerInput): void {
    const { box, skeleton } = this;
    this.box = this.pressed = null;
    if (box && skeleton && distance(box[0], input.at) > input.reach) this.placeAll(skeleton, [box[0], input.at]);
    this.refresh();
  }

  move(input: PointerInput): void {
    this.pointer = input.at;
    this.refresh();
  }

  click(input: PointerInput): void {
    this.pointer = input.at;
    this.place(input.at, input.alt ? 1 : 2);
  }

  doubleClick(): void {
    // Both of its clicks have placed a point.
  }

  key(press: KeyPress): boolean {
    if (press.ctrl || press.alt) return false;
    if (press.key === "Escape") return this.stop();
    if (press.key === "Enter") return this.finish() || this.ungather() || this.stop();
    if (press.key === "Backspace" && this.guide?.begun) return this.step(this.guide.back());
    return false;
  }

  act(command: string): boolean {
    const guide = this.progress;
    if (command === "hidden") return this.pointer !== null && this.place(this.pointer, 1);
    if (command === "absent") return guide !== null && this.step(guide.skip());
    if (command === "fill") return guide !== null && guide.expected().size > 0 && this.step(guide.filled(this.bench.size));
    if (command === "gather" && !guide) return this.gather();
    return false;
  }

  refresh(): void {
    const guide = this.progress;
    this.bench.overlay({ ...NO_OVERLAY, cursor: "crosshair", hint: guide ? this.guiding(guide) : this.plainHint(), paint: (frame) => this.paint(frame) });
  }

  leave(): void {
    this.guide = this.box = this.pressed = this.gathering = null;
  }

  /** Put a point down; false only where nothing can be placed. */
  private place(at: Point, v: Visibility): boolean {
    const guide = this.progress;
    if (guide) return this.step(guide.place(at, v, this.bench.size));
    if (this.bench.label() === null) {
      this.bench.say("Choose a label first.");
      return false;
    }
    this.placeFreely(at, v);
    return true;
  }

  private placeFreely(at: Point, v: Visibility): void {
    const id = this.gathering;
    const shape = id === null ? undefined : this.bench.document().get(id)?.shape;
    if (id !== null && shape?.type === "points") {
      this.bench.apply("Added a point", (document) => setShape(document, id, withPoint(shape, "", at, v, this.bench.size, null)));
    } else {
      const made = this.bench.create({ type: "points", points: [pointAt("", at, v, this.bench.size)] });
      if (id !== null) this.gathering = made;
    }
    this.refresh();
  }

  /** Gather the next clicks in one object: in the one just made, where it is still selected. */
  private gather(): true {
    const [id] = this.bench.selection();
    const just = id !== undefined && this.bench.document().get(id)?.shape.type === "points" ? id : "next";
    this.gathering = this.gathering === null ? just : null;
    this.refresh();
    return true;
  }

  private ungather(): boolean {
    if (this.gathering === null) return false;
    this.gathering = null;
    this.refresh();
    return true;
  }

  private step(guide: Guide): true {
    this.guide = guide;
    if (guide.next === null) this.finish();
    this.refresh();
    return true;
  }

  /** Make the object of what was placed; false when nothing was begun. */
  private finish(): boolean {
    const { guide } = this;
    if (!guide?.begun) return false;
    const shape = guide.shape();
    this.guide = null;
    if (shape) this.bench.create(shape);
    else this.bench.say("No point of it is in the image, so there is no object.");
    if (shape) this.refresh();
    return true;
  }

  /** The whole template in a box, to be dragged into place. */
  private placeAll(skeleton: Skeleton, box: readonly [Point, Point]): void {
    const places = templateIn(skeleton, boundsOf(box));
    const points = skeleton.points.map(({ name }) => pointAt(name, places.get(name) ?? box[0], 2, this.bench.size));
    if (this.bench.create({ type: "points", points }) !== null) this.bench.setMode("edit");
  }

  private stop(): true {
    if (this.guide?.begun || this.gathering !== null || this.box) {
      this.leave();
      this.refresh();
    } else this.bench.setMode("select");
    return true;
  }

  private guiding(guide: Guide): string {
    const { next, placed, skeleton } = guide;
    const turn = `Click ${next ?? ""} (${placed.length + 1} of ${skeleton.points.length}). Alt and click, or H: hidden. Q: not there.`;
    if (!guide.begun) return `${turn} Or drag a box to place the whole template.`;
    return `${turn} ${guide.expected().size > 0 ? "Y places the rest. " : ""}Enter ends here, Backspace takes one back.`;
  }

  private plainHint(): string {
    if (this.gathering !== null) return "Every click adds a point to this object. Enter or G: the next object. Alt and click: hidden.";
    return "Every click makes a point. G gathers the next clicks in one object. Alt and click, or H: hidden. Esc stops.";
  }

  private paint(frame: PaintFrame): void {
    const guide = this.progress;
    if (!guide) return;
    const { skeleton } = guide;
    if (this.box) {
      const places = templateIn(skeleton, boundsOf(this.box));
      const points = skeleton.points.map(({ name }): NamedPoint => ({ name, x: places.get(name)?.[0] ?? 0, y: places.get(name)?.[1] ?? 0, v: 2 }));
      paintSkeleton(frame, points, skeleton, { box: boundsOf(this.box) });
      return;
    }
    const expected = guide.next === null ? undefined : guide.expected().get(guide.next);
    paintSkeleton(frame, guide.placed, skeleton, { next: expected ?? null });
    const names = guide.next !== null && this.pointer ? [{ name: guide.next, at: this.pointer }] : [];
    paintNames(frame, names);
  }
}

function boundsOf([a, b]: readonly [Point, Point]): Bounds {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])];
}

/** The points tool where it is alive. */
export function pointsModeOf(bench: Bench): PointsMode | null {
  return bench.alive instanceof PointsMode ? bench.alive : null;
}

