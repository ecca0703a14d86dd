/**
 * Edit one shape by its vertices: drag them, press on an edge to add one, mark several and move or delete them together.
 * What a kind of shape can do is asked of its editor.
 */
import { deleteVertices, insertVertex, shiftVertices } from "../actions/vertices";
import type { Bench, PaintFrame } from "../core/bench";
import { clamp, distance } from "../core/geometry";
import type { Handle, ShapeEditor } from "../core/kinds";
import type { KeyPress, Mode, PointerInput } from "../core/mode";
import type { Annotation, Bounds, Point, Shape } from "../core/types";
import { kindOf } from "../shapes/kinds";
import { handleDrag, verticesDrag, type Drag } from "./drag";
import { handleOn, onlySelected } from "./handles";
import { paintCrossings, paintMarked, paintMarquee, paintSnap, paintVertices } from "./path/paint";
import { snapped, type Snap } from "./path/snap";

/** A pointer outside the image this many reaches away still means its border. */
const BORDER_REACHES = 6;
/** With more vertices in hand the whole outline is looked at for crossings when they are let go, not in every frame. */
const MOST_WATCHED = 40;

export class EditMode implements Mode {
  readonly name = "edit";
  private dragging: Drag | null = null;
  /** The vertices in hand. */
  private held: readonly string[] = [];
  private marked: ReadonlySet<string> = new Set();
  private under: Handle | null = null;
  private removing = false;
  private marquee: { readonly from: Point; readonly to: Point } | null = null;
  private snap: Snap | null = null;
  private cursor = "default";
  private reach: number | undefined;
  /** The press had its effect, so the click that follows has none. */
  private took = false;

  constructor(private readonly bench: Bench) {}

  press(input: PointerInput): boolean {
    const only = this.target();
    this.reach = input.reach;
    this.took = false;
    if (!only) return false;
    const at = this.onImage(input);
    const handle = handleOn(only, at, input.reach);
    if (handle && (input.alt || this.removing)) this.remove(only, [handle.key]);
    else if (handle && input.shift && this.editor(only)?.shift) this.toggle(handle.key);
    else if (handle) this.grab(only, handle.key, handle.at);
    else if (this.removing) return false;
    else if (input.shift && this.editor(only)?.shift) this.marquee = { from: at, to: at };
    else this.insert(only, at, input.reach);
    this.took = handle !== null || this.dragging !== null || this.marquee !== null;
    return this.took;
  }

  drag(input: PointerInput): void {
    if (this.marquee) this.marquee = { from: this.marquee.from, to: input.at };
    this.snap = this.dragging && this.held.length < 2 ? this.aim(input) : null;
    this.dragging?.to(this.snap?.at ?? input.at, input.shift);
    this.refresh();
  }

  release(): void {
    this.dragging?.end();
    this.dragging = null;
    this.snap = null;
    if (this.marquee) this.mark(this.marquee.from, this.marquee.to);
    this.marquee = null;
    this.refresh();
  }

  move(input: PointerInput): void {
    this.reach = input.reach;
    const only = this.target();
    const at = this.onImage(input);
    this.under = only && handleOn(only, at, input.reach);
    this.cursor = this.removing ? "crosshair" : (this.under?.cursor ?? (only && this.canInsert(only, at, input.reach) ? "copy" : "default"));
    this.bench.hover(this.under ? null : (this.bench.hits(input.at, input.reach)[0] ?? null));
    this.refresh();
  }

  click(input: PointerInput): void {
    if (this.took || this.removing) return;
    const only = onlySelected(this.bench);
    const hits = this.bench.hits(input.at, input.reach);
    if (this.marked.size > 0 && (hits.length === 0 || (only && hits.includes(only.id)))) {
      this.unmark();
      return;
    }
    if (only && hits.includes(only.id)) return;
    this.unmark();
    this.bench.select(hits.slice(0, 1));
    if (hits.length === 0) this.bench.setMode("select");
  }

  doubleClick(): void {
    // Both of its clicks have had their effect.
  }

  key(press: KeyPress): boolean {
    if (press.ctrl) return false;
    if (press.key === "Enter") return this.end();
    if (press.key === "Escape") return this.giveUp();
    return false;
  }

  /** "delete" takes the vertex under the pointer or the marked ones away; "remove" makes every click do so, until it is said again. */
  act(command: string): boolean {
    const only = this.target();
    if (!only || !this.editor(only)?.remove) return false;
    if (command === "delete") {
      const keys = this.meant();
      if (keys.length > 0) this.remove(only, keys);
      else this.bench.say("Point at a vertex, or mark some, and delete them.");
    } else if (command === "remove") this.removing = !this.removing;
    else if (command === "all") this.markAll(only);
    else return false;
    this.refresh();
    return true;
  }

  /** Move the marked vertices; false when none are. */
  nudge(by: Point): boolean {
    const only = this.target();
    const keys = [...this.marked];
    if (!only || keys.length === 0) return false;
    this.bench.apply("Nudged vertices", (document) => shiftVertices(document, only.id, keys, by, this.bench.size), `nudge ${only.id} ${keys.join()}`);
    return true;
  }

  hasMarked(): boolean {
    return this.marked.size > 0;
  }

  /** Vertices that a command means: the one under the pointer, unless it is one of the marked. */
  meant(): readonly string[] {
    return this.under && !this.marked.has(this.under.key) ? [this.under.key] : [...this.marked];
  }

  refresh(): void {
    const only = this.target();
    const indexed = only !== null && this.editor(only)?.nearest !== undefined;
    const handles = only && !indexed && !this.dragging ? this.handles(only) : [];
    this.forgetGone(only);
    const hint = this.hint(only);
    this.bench.overlay({
      sketch: null, handles, activeHandle: this.under?.key ?? [...this.marked][0] ?? null, cursor: this.cursor, ...(hint ? { hint } : {}),
      paint: (frame) => this.paint(frame),
    });
  }

  leave(): void {
    this.dragging?.cancel();
    this.dragging = null;
    this.bench.hover(null);
  }

  /** The one selected annotation, if it may be changed. */
  private target(): Annotation | null {
    const only = onlySelected(this.bench);
    return only && this.bench.isFree(only.id) ? only : null;
  }

  private editor({ shape }: Annotation): ShapeEditor<Shape> | undefined {
    return kindOf(shape).editor;
  }

  private handles(only: Annotation): readonly Handle[] {
    return this.editor(only)?.handles(only.shape, this.reach) ?? [];
  }

  /** The pointer, moved onto the image where it stands just outside: so the vertices on its border can be got hold of. */
  private onImage({ at: [x, y], reach }: PointerInput): Point {
    const { width, height } = this.bench.size;
    const at: Point = [clamp(x, 0, width), clamp(y, 0, height)];
    return distance(at, [x, y]) <= reach * BORDER_REACHES ? at : [x, y];
  }

  private aim(input: PointerInput): Snap | null {
    const only = this.target();
    return only && this.editor(only)?.shift ? snapped(this.bench, input, only.id) : null;
  }

  private grab(only: Annotation, key: string, at: Point): void {
    const together = this.marked.has(key) && this.marked.size > 1;
    if (!together) this.marked = new Set(this.editor(only)?.shift ? [key] : []);
    this.held = together ? [...this.marked] : [key];
    this.dragging = together ? verticesDrag(this.bench, only.id, this.held, at) : handleDrag(this.bench, only.id, key);
  }

  private insert(only: Annotation, at: Point, reach: number): void {
    const made = insertVertex(this.bench.document(), only.id, at, reach);
    if (!made) return;
    this.bench.apply("Added a vertex", () => made.document);
    this.grab(only, made.key, at);
  }

  private canInsert(only: Annotation, at: Point, reach: number): boolean {
    return !this.removing && Boolean(this.editor(only)?.insert?.(only.shape, at, reach));
  }

  private remove(only: Annotation, keys: readonly string[]): void {
    this.marked = new Set();
    this.under = null;
    this.bench.apply(keys.length > 1 ? `Removed ${keys.length} vertices` : "Removed a vertex", (document) => deleteVertices(document, only.id, keys));
    if (this.bench.selection().length === 0) this.bench.setMode("select");
  }

  private toggle(key: string): void {
    const next = new Set(this.marked);
    if (!next.delete(key)) next.add(key);
    this.marked = next;
  }

  private mark(a: Point, b: Point): void {
    const only = this.target();
    const [minX, minY, maxX, maxY] = between(a, b);
    const inside = only ? this.handles(only).filter(({ at: [x, y] }) => x >= minX && x <= maxX && y >= minY && y <= maxY) : [];
    this.marked = new Set([...this.marked, ...inside.map(({ key }) => key)]);
  }

  private markAll(only: Annotation): void {
    this.marked = new Set(this.handles(only).map(({ key }) => key));
  }

  private unmark(): void {
    this.marked = new Set();
    this.refresh();
  }

  private forgetGone(only: Annotation | null): void {
    if (this.marked.size === 0 || this.dragging) return;
    const there = new Set(only ? this.handles(only).map(({ key }) => key) : []);
    if ([...this.marked].some((key) => !there.has(key))) this.marked = new Set([...this.marked].filter((key) => there.has(key)));
  }

  private end(): true {
    this.bench.setMode("select");
    return true;
  }

  /** Step by step: the drag, removing, the marks, the mode. */
  private giveUp(): true {
    if (this.dragging || this.marquee) {
      this.dragging?.cancel();
      [this.dragging, this.marquee, this.snap] = [null, null, null];
    } else if (this.removing) this.removing = false;
    else if (this.marked.size > 0) this.marked = new Set();
    else return this.end();
    this.refresh();
    return true;
  }

  private paint(frame: PaintFrame): void {
    const only = this.target();
    const shown = this.dragging?.now[0] ?? only;
    const editor = shown && this.editor(shown);
    if (shown && editor) {
      if (editor.nearest) this.paintHandles(frame, shown, editor);
      paintCrossings(frame, this.crossings(shown, editor));
    }
    if (this.marquee) paintMarquee(frame, between(this.marquee.from, this.marquee.to));
    paintSnap(frame, this.snap);
  }

  private paintHandles(frame: PaintFrame, shown: Annotation, editor: ShapeEditor<Shape>): void {
    const handles = editor.handles(shown.shape);
    paintVertices(frame, handles.map(({ at }) => at));
    const strong = new Set([...this.marked, ...(this.dragging ? this.held : this.under ? [this.under.key] : [])]);
    if (strong.size > 0) paintMarked(frame, handles.flatMap(({ key, at }) => (strong.has(key) ? [at] : [])));
  }

  private crossings(shown: Annotation, editor: ShapeEditor<Shape>): readonly Point[] {
    if (!this.dragging) return editor.crossings?.(shown.shape) ?? [];
    return this.held.length <= MOST_WATCHED ? (editor.crossings?.(shown.shape, this.held) ?? []) : [];
  }

  private hint(only: Annotation | null): string {
    if (!only || !this.editor(only)?.remove) return "";
    if (this.removing) return "Click vertices to take them away; R or Esc stops.";
    if (this.marked.size > 1) return `${this.marked.size} vertices marked: drag one to move all, arrows nudge, Delete removes.`;
    return "";
  }
}

function between(a: Point, b: Point): Bounds {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])];
}
