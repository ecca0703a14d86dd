/**
 * Paint a bitmap: draw, erase, fill, and paint by colour. What is painted goes into the columns at hand and onto the
 * sheet that shows them; the document hears of it once, when a stroke ends.
 */
import { remove, setShape } from "../../actions/annotations";
import type { Bench, PaintFrame } from "../../core/bench";
import { clamp } from "../../core/geometry";
import type { KeyPress, Mode, PointerInput } from "../../core/mode";
import { NOTHING } from "../../core/selection";
import type { Annotation, Point } from "../../core/types";
import { LARGEST_BRUSH_PX, nextSize, SMALLEST_BRUSH_PX, snapped, sweep, type Brush, type BrushForm } from "./brush";
import { boundsOfColumns, combine, emptyColumns, SUBTRACT, UNION, type Columns } from "./columns";
import { enclosedAt } from "./connect";
import { paintCursor, WorkingSheet } from "./working-sheet";
import { columnsOf, maskOf } from "./geometry";
import { Others } from "./others";
import { COMPARE, FINGER, FORM, PRESSURE, SIZE_PX, TOLERANCE } from "./settings";
import type { MaskShape } from "./shape";
import { Similar, type Compare } from "./similar";

/** What a press of the pointer does. */
export type Act = "draw" | "erase" | "fill" | "similar" | "wand";
export const ACTS: readonly Act[] = ["draw", "erase", "fill", "similar", "wand"];

const HINTS: Record<Act, string> = {
  draw: "Drag to paint; Shift and click draws a straight stroke; Alt erases. [ and ] change the size, N begins a new object, Esc stops.",
  erase: "Drag to erase; Shift and click erases along a straight line; Alt paints. E paints again.",
  fill: "Click inside a closed outline to fill it. E paints again.",
  similar: "Drag to paint what has the colour where you begin; the tolerance says how alike it must be. E paints again.",
  wand: "Click to take everything of this colour that hangs together. E paints again.",
};
const TITLES: Record<Act, string> = { draw: "Painted", erase: "Erased", fill: "Filled", similar: "Painted by colour", wand: "Took an area by its colour" };
/** A pen that hardly presses still paints this share of the size. */
const THINNEST = 0.15;
const NO_PIXELS = "The picture is not here yet; try again in a moment.";

interface Stroke {
  readonly act: Act;
  readonly erases: boolean;
  readonly before: Columns;
  last: Point;
  similar: Similar | null;
  /** Swept while the picture's pixels were still coming. */
  waiting: Columns[];
}

export class BrushMode implements Mode {
  doing: Act = "draw";
  private columns: Columns;
  private shape: MaskShape | null = null;
  private target: Annotation | null = null;
  private stroke: Stroke | null = null;
  /** Counts up when a stroke ends or is given up: what comes in late for an earlier one is dropped. */
  private turn = 0;
  private busy = false;
  private committing = false;
  private pointer: Point | null = null;
  private lastPoint: Point | null = null;
  private hidden: { readonly of: Annotation; readonly preview: readonly Annotation[] } | null = null;
  private readonly sheet: WorkingSheet;
  private readonly others: Others;

  constructor(
    private readonly bench: Bench,
    readonly name: string,
  ) {
    this.columns = emptyColumns(bench.size.width, bench.size.height);
    this.sheet = new WorkingSheet(bench.size, this.columns);
    this.others = new Others(bench);
    // A tool begins something new; the editing mode takes up what is selected.
    if (name !== "edit") bench.select(NOTHING);
  }

  get takesFingers(): boolean {
    return this.bench.settings.get(FINGER);
  }

  press(input: PointerInput): boolean {
    if (input.pointer === "touch" && !this.takesFingers) return false;
    this.pointer = input.at;
    if (this.busy) return true;
    if (!this.mayPaint()) return true;
    const pixel = this.pixelAt(input.at);
    if (this.doing === "fill") this.fill(pixel);
    else if (this.doing === "wand") void this.takeAlike(pixel);
    else this.begin(input, pixel);
    return true;
  }

  drag(input: PointerInput): void {
    this.pointer = input.at;
    for (const at of input.trail ?? []) this.paintTo(at, input);
    this.paintTo(input.at, input);
    this.show();
  }

  release(input: PointerInput): void {
    this.pointer = input.at;
    const { stroke } = this;
    if (!stroke) return;
    this.lastPoint = stroke.last;
    if (stroke.act === "similar" && (stroke.similar === null || stroke.waiting.length > 0)) void this.endLater(stroke);
    else this.end(stroke);
  }

  move(input: PointerInput): void {
    this.pointer = input.at;
    this.show();
  }

  click(): void {
    // The press did it.
  }

  doubleClick(): void {
    // Two presses did it.
  }

  key({ key, ctrl, alt }: KeyPress): boolean {
    if (key !== "Escape" || ctrl || alt) return false;
    if (this.stroke || this.busy) this.giveUp();
    else if (this.doing !== "draw") this.choose("draw");
    else this.bench.setMode("select");
    return true;
  }

  act(command: string): boolean {
    const act = ACTS.find((one) => one === command);
    if (act) this.choose(act);
    else if (command === "new") this.beginNew();
    else if (command === "larger" || command === "smaller") this.resize(command === "larger" ? 1 : -1);
    else if (command === "form") this.bench.settings.set(FORM, this.bench.settings.get(FORM) === "round" ? "square" : "round");
    else return false;
    this.show();
    return true;
  }

  refresh(): void {
    if (this.committing) return;
    const target = this.selectedMask();
    if (target?.id !== this.target?.id) this.lastPoint = null;
    const shape = target?.shape.type === "mask" ? target.shape : null;
    if (shape !== this.shape) {
      if (this.stroke || this.busy) this.drop();
      this.replace(shape ? columnsOf(shape) : emptyColumns(this.bench.size.width, this.bench.size.height));
      this.shape = shape;
    }
    this.target = target;
    this.show();
  }

  leave(): void {
    this.drop();
    this.sheet.dispose();
  }

  private choose(act: Act): void {
    this.giveUp();
    this.doing = act;
    this.bench.say("");
  }

  private beginNew(): void {
    this.giveUp();
    this.doing = "draw";
    this.bench.select(NOTHING);
    this.bench.say("Paint the next object.");
  }

  private resize(step: 1 | -1): void {
    this.bench.settings.set(SIZE_PX, nextSize(this.bench.settings.get(SIZE_PX), step));
  }

  private selectedMask(): Annotation | null {
    const [id, ...more] = this.bench.selection();
    const annotation = id === undefined || more.length > 0 ? undefined : this.bench.document().get(id);
    return annotation?.shape.type === "mask" ? annotation : null;
  }

  private mayPaint(): boolean {
    const { target } = this;
    if (target && !this.bench.isFree(target.id)) this.bench.say("This object is locked. Unlock it, or press N for a new one.");
    else if (!target && this.bench.label() === null) this.bench.say("This campaign has no labels yet: there is nothing to call an object.");
    else return true;
    return false;
  }

  private brush(input?: PointerInput): Brush {
    const { settings } = this.bench;
    const form = settings.get(FORM) === "square" ? "square" : ("round" as BrushForm);
    const presses = input?.pointer === "pen" && input.pressure !== undefined && settings.get(PRESSURE);
    const share = presses ? clamp(THINNEST + (1 - THINNEST) * (input.pressure ?? 1), THINNEST, 1) : 1;
    return { form, size_px: Math.max(SMALLEST_BRUSH_PX, Math.round(clamp(settings.get(SIZE_PX), SMALLEST_BRUSH_PX, LARGEST_BRUSH_PX) * share)) };
  }

  private pixelAt([x, y]: Point): readonly [number, number] {
    return [clamp(Math.floor(x), 0, this.bench.size.width - 1), clamp(Math.floor(y), 0, this.bench.size.height - 1)];
  }

  private begin(input: PointerInput, pixel: readonly [number, number]): void {
    const erases = (this.doing === "erase") !== (input.alt && this.doing !== "similar");
    const from = input.shift && this.lastPoint ? this.lastPoint : input.at;
    this.stroke = { act: this.doing, erases, before: this.columns, last: from, similar: null, waiting: [] };
    if (this.doing === "similar" && !this.startSimilar(this.stroke, pixel)) return;
    this.paintTo(input.at, input);
    this.show();
  }

  private startSimilar(stroke: Stroke, pixel: readonly [number, number]): boolean {
    const pixels = this.bench.pixels();
    if (!pixels) {
      this.stroke = null;
      this.bench.say(NO_PIXELS);
      return false;
    }
    const { settings } = this.bench;
    void Similar.at(pixels, this.bench.size, pixel, settings.get(TOLERANCE), settings.get(COMPARE) as Compare).then(
      (similar) => {
        stroke.similar = similar;
        if (this.stroke === stroke) this.paintWaiting(stroke);
      },
      () => this.bench.say(NO_PIXELS),
    );
    return true;
  }

  private paintTo(at: Point, input: PointerInput): void {
    const { stroke } = this;
    if (!stroke) return;
    const brush = this.brush(input);
    const swept = sweep(snapped(stroke.last, brush), snapped(at, brush), brush, this.bench.size);
    stroke.last = at;
    if (stroke.act !== "similar") this.lay(swept, stroke.erases);
    else if (!this.layAlike(stroke, swept)) this.wait(stroke, swept);
  }

  private layAlike(stroke: Stroke, swept: Columns): boolean {
    const alike = stroke.similar?.within(swept) ?? null;
    if (alike) this.lay(alike, false);
    return alike !== null;
  }

  private wait(stroke: Stroke, swept: Columns): void {
    stroke.waiting.push(swept);
    const bounds = boundsOfColumns(swept);
    if (!stroke.similar || !bounds) return;
    void stroke.similar.ready(bounds).then(
      () => this.stroke === stroke && this.paintWaiting(stroke),
      () => this.bench.say(NO_PIXELS),
    );
  }

  private paintWaiting(stroke: Stroke): void {
    const { waiting } = stroke;
    stroke.waiting = [];
    for (const swept of waiting) if (!this.layAlike(stroke, swept)) this.wait(stroke, swept);
    this.show();
  }

  /** Put pixels on, or take them off. */
  private lay(pixels: Columns, erases: boolean): void {
    const free = erases ? pixels : this.others.leftFree(pixels, this.target?.id ?? null);
    const bounds = boundsOfColumns(free);
    if (!bounds) return;
    this.columns = combine(this.columns, free, erases ? SUBTRACT : UNION);
    this.sheet.update(this.columns, bounds);
  }

  private replace(columns: Columns): void {
    this.sheet.replace(columns);
    this.columns = columns;
  }

  private end({ before, act, erases }: Stroke): void {
    this.stroke = null;
    this.commit(before, act === "draw" && erases ? TITLES.erase : act === "erase" && !erases ? TITLES.draw : TITLES[act]);
  }

  /** Wait for the rest of the picture, then end the stroke. */
  private async endLater(stroke: Stroke): Promise<void> {
    const turn = this.turn;
    this.busy = true;
    this.show();
    try {
      while (turn === this.turn && (stroke.similar === null || stroke.waiting.length > 0)) await new Promise((resolve) => setTimeout(resolve, 16));
    } finally {
      if (turn === this.turn) {
        this.busy = false;
        this.end(stroke);
      }
    }
  }

  private fill([x, y]: readonly [number, number]): void {
    const found = enclosedAt(this.columns, x, y);
    if (found.kind === "painted") this.bench.say("This is painted already: click inside an outline.");
    else if (found.kind === "leaks") this.bench.say("The area is open: it reaches the border of the image. Close the outline first.");
    else {
      const { columns } = this;
      this.lay(found.pixels, false);
      this.commit(columns, TITLES.fill);
    }
  }

  private async takeAlike(pixel: readonly [number, number]): Promise<void> {
    const pixels = this.bench.pixels();
    if (!pixels) return this.bench.say(NO_PIXELS);
    const { settings, size } = this.bench;
    const turn = this.turn;
    this.busy = true;
    this.show();
    try {
      const similar = await Similar.at(pixels, size, pixel, settings.get(TOLERANCE), settings.get(COMPARE) as Compare);
      const area = await similar.flood(pixel, () => turn !== this.turn);
      if (turn !== this.turn) return;
      const before = this.columns;
      this.lay(area, false);
      this.busy = false;
      this.commit(before, TITLES.wand);
    } catch {
      if (turn === this.turn) this.bench.say(NO_PIXELS);
    } finally {
      if (turn === this.turn) this.busy = false;
      this.show();
    }
  }

  /** Put what was painted on the history: one step, whatever it touched. */
  private commit(before: Columns, title: string): void {
    this.turn += 1;
    const shape = maskOf(this.columns);
    if (shape?.counts === this.shape?.counts) {
      this.columns = before;
      return;
    }
    const added = combine(this.columns, before, SUBTRACT);
    const also = this.others.losing(added, this.target?.id ?? null);
    const { target } = this;
    this.committing = true;
    this.shape = shape;
    if (!target && shape) this.bench.create(shape, also);
    else if (target) this.bench.apply(title, (document) => (shape ? setShape(also(document), target.id, shape) : remove(document, [target.id])));
    this.committing = false;
    this.target = this.selectedMask();
    this.refresh();
  }

  /** Take back what the stroke at hand painted. */
  private giveUp(): void {
    const before = this.stroke?.before;
    this.drop();
    if (before) this.replace(before);
    this.show();
  }

  private drop(): void {
    this.turn += 1;
    this.stroke = null;
    this.busy = false;
  }

  private show(): void {
    if (this.committing || this.bench.alive !== this) return;
    this.hideTarget();
    const hint = this.busy ? "Reading the picture…" : HINTS[this.doing];
    const outlined = this.doing === "draw" || this.doing === "erase" || this.doing === "similar";
    this.bench.overlay({ sketch: null, handles: [], activeHandle: null, cursor: this.busy ? "progress" : outlined && this.pointer ? "none" : "crosshair", hint, paint: (frame) => this.paint(frame, outlined) });
  }

  /** The sheet shows the mask while it is painted; the layers below must not. */
  private hideTarget(): void {
    const { target } = this;
    if (!target) {
      this.hidden = null;
      this.bench.preview([]);
      return;
    }
    const empty: MaskShape = { type: "mask", size: [0, 0], counts: "", bbox: [0, 0, 0, 0] };
    if (this.hidden?.of !== target) this.hidden = { of: target, preview: [{ ...target, shape: empty }] };
    this.bench.preview(this.hidden.preview);
  }

  private paint(frame: PaintFrame, outlined: boolean): void {
    const label = this.target?.label ?? this.bench.label();
    if (label !== null) this.sheet.draw(frame, frame.colorOf(label));
    if (outlined && this.pointer) paintCursor(frame, this.pointer, this.brush(), this.doing === "erase");
  }
}

export function brushOf(bench: Bench): BrushMode | null {
  return bench.alive instanceof BrushMode ? bench.alive : null;
}
