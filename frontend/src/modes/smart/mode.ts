/**
 * Smart labeling: mark a thing roughly, and its outline is found. A work area, strokes on the thing and off it, Extract, again,
 * Done. With a promptable model a click or a box is enough.
 */
import type { AssistAnswer } from "../../core/assistant";
import type { Bench } from "../../core/bench";
import type { KeyPress, Mode, PointerInput } from "../../core/mode";
import type { Bounds, Point, Shape } from "../../core/types";
import { insideImage } from "../../core/geometry";
import { Conversation } from "./conversation";
import { areaBetween, areaOf, isEnough, longer, requestOf, withoutLast, type Method, type Step, type Steps, type StrokeStep } from "./marks";
import { isMask, paintScene, Preview } from "./picture";
import { BACKGROUND, GRABCUT, LIVE, METHOD, methodIn, MODEL, modelIn, POLYGON, TOUCH_UP, wayOf, waysOf } from "./settings";

export const SMART = "draw-smart";
/** An answer that took longer is not asked for after each stroke. */
const QUICK_MS = 700;

type Drag = { readonly kind: "area"; readonly from: Point; readonly to: Point } | { readonly kind: "stroke"; readonly stroke: StrokeStep };

export class SmartMode implements Mode {
  readonly name = SMART;
  readonly takesSecondary = true;
  private steps: Steps = [];
  private drag_: Drag | null = null;
  /** The first corner of a work area that is drawn by two clicks. */
  private corner: Point | null = null;
  private pointer: Point | null = null;
  /** The next drag draws a work area, though there is one. */
  private newArea = false;
  private sight: Bounds | null = null;
  private brush_px = 6;
  private answer: AssistAnswer | null = null;
  /** Whether the answer is to all that is marked. */
  private fresh = false;
  private doneWhenAnswered = false;
  private quick = false;
  private preview: Preview | null = null;
  private trouble = "";
  private looking: AbortController | null = null;
  private readonly talk: Conversation | null;

  constructor(private readonly bench: Bench) {
    this.markTheThing();
    const { assistant } = bench;
    this.talk = assistant && new Conversation(assistant, { answered: (answer) => this.take(answer), failed: (message) => this.fail(message) });
    void assistant?.learn().then(() => this.look(), () => undefined);
  }

  press(input: PointerInput): boolean {
    if (!this.bench.assistant) return false;
    const at = insideImage(input.at, this.bench.size);
    this.trouble = "";
    this.brush_px = input.reach;
    const wantsArea = input.shift || this.newArea || (areaOf(this.steps) === null && !input.secondary);
    this.drag_ = wantsArea ? { kind: "area", from: at, to: at } : { kind: "stroke", stroke: { kind: "stroke", points: [at], positive: this.isPositive(input) } };
    return true;
  }

  drag(input: PointerInput): void {
    const at = insideImage(input.at, this.bench.size);
    if (this.drag_?.kind === "area") this.drag_ = { ...this.drag_, to: at };
    else if (this.drag_) this.drag_ = { kind: "stroke", stroke: { ...this.drag_.stroke, points: longer(this.drag_.stroke.points, at, input.reach / 4) } };
    this.refresh();
  }

  release(): void {
    const drag = this.drag_;
    this.drag_ = null;
    const area = drag?.kind === "area" ? areaBetween(drag.from, drag.to, this.bench.size) : null;
    if (area) this.mark({ kind: "area", area });
    else if (drag?.kind === "stroke" && drag.stroke.points.length > 1) this.mark(drag.stroke);
    this.refresh();
  }

  move(input: PointerInput): void {
    this.pointer = insideImage(input.at, this.bench.size);
    if (this.corner) this.refresh();
  }

  click(input: PointerInput): void {
    const at = insideImage(input.at, this.bench.size);
    const corners = this.corner !== null || this.newArea || (this.method() === "grabcut" && areaOf(this.steps) === null);
    if (corners) this.clickCorner(at);
    else if (this.bench.assistant) this.mark({ kind: "point", at, positive: this.isPositive(input) });
    this.refresh();
  }

  doubleClick(): void {
    // Its two clicks have had their effect.
  }

  key(press: KeyPress): boolean {
    if (press.key === "Escape") return this.stepBack() || this.leaveForSelect();
    if (press.key.toLowerCase() === "z" && press.ctrl && !press.shift) return this.takeBack();
    return press.key === "Backspace" && !press.ctrl && this.takeBack();
  }

  act(command: string): boolean {
    switch (command) {
      case "smart-extract":
        return this.extract();
      case "smart-done":
        return this.done();
      case "smart-side":
        this.bench.settings.set(BACKGROUND, !this.bench.settings.get(BACKGROUND));
        break;
      case "smart-area":
        this.newArea = true;
        break;
      case "smart-method":
        this.changeMethod();
        break;
      case "smart-chosen":
        this.changedMethod();
        break;
      case "smart-back":
        return this.takeBack();
      default:
        return false;
    }
    this.refresh();
    return true;
  }

  refresh(): void {
    const growing = { area: this.growingArea(), stroke: this.drag_?.kind === "stroke" ? this.drag_.stroke : null };
    const scene = { steps: this.steps, growing, brush_px: this.brush_px, preview: this.preview };
    this.bench.overlay({ sketch: null, handles: [], activeHandle: null, cursor: "crosshair", hint: this.hint(), paint: (frame) => paintScene(frame, scene) });
  }

  leave(): void {
    this.looking?.abort();
    this.begin();
  }

  private method(): Method {
    return methodIn(this.bench);
  }

  private isPositive(input: PointerInput): boolean {
    return this.bench.settings.get(BACKGROUND) === (input.alt || input.secondary === true);
  }

  private clickCorner(at: Point): void {
    const area = this.corner && areaBetween(this.corner, at, this.bench.size);
    this.corner = area || this.corner === null ? null : this.corner;
    if (area) this.mark({ kind: "area", area });
    else this.corner ??= at;
  }

  private growingArea(): Bounds | null {
    if (this.drag_?.kind === "area") return areaBetween(this.drag_.from, this.drag_.to, this.bench.size);
    return this.corner && this.pointer && areaBetween(this.corner, this.pointer, this.bench.size);
  }

  private mark(step: Step): void {
    this.sight ??= this.bench.assistant?.inSight() ?? null;
    if (step.kind === "area") {
      this.newArea = false;
      this.corner = null;
      // What was found in another place is no help in this one.
      if (this.method() === "grabcut") this.setAnswer(null);
    }
    this.change([...this.steps, step]);
  }

  private change(steps: Steps): void {
    this.steps = steps;
    this.fresh = false;
    this.doneWhenAnswered = false;
    this.talk?.forget();
    if (!isEnough(steps, this.method())) this.setAnswer(null);
    else if (this.bench.settings.get(LIVE) && (this.method() === "model" || (this.quick && this.answer !== null))) this.ask();
    this.refresh();
  }

  private ask(): boolean {
    const { assistant, settings } = this.bench;
    const method = this.method();
    const model = modelIn(this.bench)?.id ?? null;
    const before = this.answer && isMask(this.answer.shape) ? this.answer.shape : null;
    const sight = this.sight ?? assistant?.inSight();
    const request = sight && requestOf(this.steps, { method, model, brush_px: this.brush_px, polygon: settings.get(POLYGON), sight, before });
    if (!request || !this.talk) return false;
    this.trouble = "";
    void this.talk.ask(request);
    this.refresh();
    return true;
  }

  /** Extract; and when nothing was marked since the last answer, be done. */
  private extract(): boolean {
    if (this.fresh && this.answer) return this.done();
    // The question is on its way. After a click Enter can only mean to keep what comes; GrabCut's own Enter was the question.
    if (this.talk?.busy === true) return this.method() === "model" ? this.done() : true;
    if (!this.ask()) this.trouble = this.method() === "model" ? "Click on the thing first, or drag a box around it." : "Drag a work area around the thing first.";
    this.refresh();
    return true;
  }

  private done(): boolean {
    if (!this.answer || !this.fresh) {
      this.doneWhenAnswered = this.talk?.busy === true || this.ask();
      if (!this.doneWhenAnswered) this.trouble = "There is nothing to keep yet: mark the thing first.";
      this.refresh();
      return true;
    }
    const id = this.bench.create(this.kept(this.answer));
    if (id === null) this.trouble = "Choose a label first.";
    else this.begin();
    if (id !== null && this.bench.settings.get(TOUCH_UP)) this.bench.setMode("edit");
    else this.refresh();
    return true;
  }

  private kept({ shape, polygon }: AssistAnswer): Shape {
    return this.bench.settings.get(POLYGON) && polygon ? polygon : shape;
  }

  private take(answer: AssistAnswer): void {
    this.setAnswer(answer);
    this.fresh = true;
    this.quick = answer.took_ms <= QUICK_MS;
    if (this.doneWhenAnswered) this.done();
    this.refresh();
  }

  private fail(message: string): void {
    this.trouble = message;
    this.doneWhenAnswered = false;
    this.refresh();
  }

  private setAnswer(answer: AssistAnswer | null): void {
    this.answer = answer;
    this.preview?.dispose();
    this.preview = answer && isMask(answer.shape) ? new Preview(answer.shape) : null;
    this.bench.assistant?.status.setState({ ready: answer !== null, confidence: answer?.confidence ?? null, took_ms: answer?.took_ms ?? null });
  }

  /** Forget the marks: the next thing. */
  private begin(): void {
    this.talk?.forget();
    this.setAnswer(null);
    this.steps = [];
    this.drag_ = this.corner = this.sight = null;
    this.newArea = this.fresh = this.doneWhenAnswered = false;
    this.trouble = "";
    this.markTheThing();
  }

  /** Every thing is marked itself first: the side that corrected the one before is no help for it. */
  private markTheThing(): void {
    if (this.bench.settings.get(BACKGROUND)) this.bench.settings.set(BACKGROUND, false);
  }

  /** Undo the last thing of this tool; false when there is none. */
  private stepBack(): boolean {
    if (this.drag_ || this.corner || this.newArea) {
      this.drag_ = this.corner = null;
      this.newArea = false;
    } else if (this.talk?.busy) {
      this.talk.forget();
      this.doneWhenAnswered = false;
    } else return this.takeBack();
    this.refresh();
    return true;
  }

  private takeBack(): boolean {
    if (this.steps.length === 0) return false;
    this.trouble = "";
    this.change(withoutLast(this.steps));
    return true;
  }

  private leaveForSelect(): true {
    this.bench.setMode("select");
    return true;
  }

  /** The next way to an outline: one model after the other, then GrabCut. */
  private changeMethod(): void {
    const { assistant, settings } = this.bench;
    const status = assistant?.status.getState() ?? { models: null };
    const ways = waysOf(status);
    const at = ways.findIndex(({ value }) => value === wayOf(settings.get(METHOD), settings.get(MODEL), status));
    const next = ways[(at + 1) % ways.length]?.value ?? GRABCUT;
    settings.set(METHOD, next === GRABCUT ? GRABCUT : "model");
    if (next !== GRABCUT) settings.set(MODEL, next);
    if (ways.length === 1) this.trouble = "This campaign has no model that answers clicks. A manager adds one on the Models page.";
    this.changedMethod();
  }

  private changedMethod(): void {
    this.setAnswer(null);
    this.look();
    this.change(this.steps);
  }

  /** Let the model see the image while the person still looks at it. */
  private look(): void {
    const { assistant } = this.bench;
    if (!assistant || this.bench.alive !== this) return;
    this.looking?.abort();
    const looking = new AbortController();
    this.looking = looking;
    const model = this.method() === "model" ? (modelIn(this.bench)?.id ?? null) : null;
    const seen = (): void => {
      if (this.looking === looking) this.looking = null;
      if (this.bench.alive === this) this.refresh();
    };
    void assistant.prepare(model, assistant.inSight(), looking.signal).then(seen, seen);
    this.refresh();
  }

  private hint(): string {
    if (this.trouble !== "") return this.trouble;
    if (!this.bench.assistant) return "Smart labeling needs the server.";
    if (this.talk?.busy) return "Finding the outline…";
    if (this.corner) return "Click the opposite corner of the work area.";
    if (this.newArea) return "Drag a new work area.";
    const side = this.bench.settings.get(BACKGROUND) ? "background" : "foreground";
    if (this.answer && this.fresh) return `Enter keeps it. Mark what is wrong (now: ${side}; X changes it), or Esc to step back.`;
    if (this.method() === "model") return this.steps.length > 0 ? (isEnough(this.steps, "model") ? "Enter asks for the outline." : "Now mark the thing itself: click on it, or drag a box around it.") : "Click on a thing, or drag a box around it. Alt or the right button says: not this.";
    if (areaOf(this.steps)) return `Draw strokes on the thing and off it (now: ${side}; X changes it). Enter extracts.`;
    return "Drag a work area around a thing.";
  }
}
