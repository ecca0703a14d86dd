/** One image on the desk: its document with history, selection, mode and what is shown. No DOM, no network. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { add, humanAnnotation, setLabel } from "../actions/annotations";
import { modeNamed, toolOf } from "./index";
import type { Assistant } from "../core/assistant";
import type { KeyPress, Mode } from "../core/mode";
import { defaultAnswers, NO_DEFINITIONS, type Definitions } from "../core/attributes";
import { NO_OVERLAY, type Bench, type Overlay } from "../core/bench";
import { applyPatch, difference, newAnnotationId, type AnnotationDocument } from "../core/document";
import { HitIndex } from "../shapes/hit-index";
import { commit, redo, startHistory, throughout, undo, type History } from "../core/history";
import { isShown, type Thresholds, type Visibility } from "../core/review";
import { among, NOTHING, type Selection } from "../core/selection";
import type { PixelReader } from "../core/pixels";
import { PIXEL_RULER, type Ruler } from "../core/ruler";
import { NO_SKELETONS, type Skeleton, type Skeletons } from "../core/skeleton";
import { ToolSettings } from "../core/tool-settings";
import type { Annotation, Bounds, Patch, Point, Shape, ShapeType, Size } from "../core/types";
import { kindOf } from "../shapes/kinds";

export interface SessionState {
  readonly history: History;
  readonly selection: Selection;
  readonly hovered: string | null;
  readonly preview: readonly Annotation[];
  readonly overlay: Overlay;
  readonly mode: string;
  /** The label of the next object. */
  readonly label: number | null;
  readonly thresholds: Thresholds;
  /** Objects out of sight for now, by id and by label, and those that nothing may change. */
  readonly hidden: ReadonlySet<string>;
  readonly hiddenLabels: ReadonlySet<number>;
  readonly locked: ReadonlySet<string>;
  /** The drawing tool used last: what "new object" takes up again. */
  readonly tool: string | null;
  /** What a mode has to say to the person; gone with the next step. */
  readonly notice: string;
  readonly ruler: Ruler;
}

const NONE: ReadonlySet<never> = new Set<never>();

export interface SessionOptions {
  readonly size: Size;
  readonly document: AnnotationDocument;
  readonly label: number | null;
  readonly thresholds: Thresholds;
  readonly mode?: string;
  readonly tool?: string | null;
  readonly settings?: ToolSettings;
  readonly assistant?: Assistant | null;
  readonly definitions?: Definitions;
  readonly skeletons?: Skeletons;
  /** The shapes that the campaign takes; null or absent where any may be made. */
  readonly shapes?: ReadonlySet<string> | null;
  readonly newId?: () => string;
}

/** How many dots an object shows. */
function dots(annotation: Annotation | undefined): number {
  return annotation ? kindOf(annotation.shape).outline(annotation.shape).dots.length : 0;
}

/** An undo that changes more than this selects nothing. */
const MOST_SELECTED = 20;

export class Session implements Bench {
  readonly size: Size;
  readonly settings: ToolSettings;
  readonly assistant: Assistant | null;
  readonly store: StoreApi<SessionState>;
  /** Put here by whoever shows the image. */
  picture: PixelReader | null = null;
  private readonly index = new HitIndex();
  /** Kept, so that the indexes of their edges are found again. */
  private readonly outlines = new WeakMap<Shape, readonly (readonly Point[])[]>();
  private readonly newId: () => string;
  private readonly definitions: Definitions;
  private readonly skeletons: Skeletons;
  private readonly shapes: ReadonlySet<string> | null;
  private mode: Mode;

  constructor(options: SessionOptions) {
    this.size = options.size;
    this.definitions = options.definitions ?? NO_DEFINITIONS;
    this.skeletons = options.skeletons ?? NO_SKELETONS;
    this.shapes = options.shapes ?? null;
    this.settings = options.settings ?? new ToolSettings();
    this.assistant = options.assistant ?? null;
    this.newId = options.newId ?? newAnnotationId;
    this.store = createStore<SessionState>(() => ({
      history: startHistory(options.document),
      selection: NOTHING,
      hovered: null,
      preview: [],
      overlay: NO_OVERLAY,
      mode: "select",
      label: options.label,
      thresholds: options.thresholds,
      hidden: NONE,
      hiddenLabels: NONE,
      locked: NONE,
      tool: options.tool ?? null,
      notice: "",
      ruler: PIXEL_RULER,
    }));
    this.index.sync(options.document);
    this.mode = modeNamed("select", this);
    if (options.mode) this.setMode(options.mode);
  }

  document(): AnnotationDocument {
    return this.store.getState().history.present.document;
  }

  get ruler(): Ruler {
    return this.store.getState().ruler;
  }

  selection(): Selection {
    return this.store.getState().selection;
  }

  selected(): Annotation[] {
    return this.selection().flatMap((id) => this.document().get(id) ?? []);
  }

  /** The one alive mode, for whoever carries gestures and keys to it. */
  get alive(): Mode {
    return this.mode;
  }

  select(ids: Selection): void {
    const state = this.store.getState();
    if (ids.length === state.selection.length && ids.every((id, at) => state.selection[at] === id)) return;
    this.store.setState({ selection: ids });
    this.mode.refresh();
  }

  hover(id: string | null): void {
    if (this.store.getState().hovered !== id) this.store.setState({ hovered: id });
  }

  apply(title: string, action: (document: AnnotationDocument) => AnnotationDocument, mergeKey: string | null = null): void {
    this.go(commit(this.store.getState().history, action(this.document()), title, mergeKey));
  }

  undo(): void {
    this.travel(undo);
  }

  redo(): void {
    this.travel(redo);
  }

  preview(annotations: readonly Annotation[]): void {
    if (annotations.length > 0 || this.store.getState().preview.length > 0) this.store.setState({ preview: annotations });
  }

  overlay(overlay: Overlay): void {
    this.store.setState({ overlay });
  }

  label(): number | null {
    return this.store.getState().label;
  }

  skeleton(label: number): Skeleton | null {
    return this.skeletons.get(label) ?? null;
  }

  takes(type: ShapeType): boolean {
    return this.shapes?.has(type) ?? true;
  }

  hits(at: Point, reach: number): readonly string[] {
    const { locked } = this.store.getState();
    return this.index.at(at, reach).filter((annotation) => this.isShown(annotation) && !locked.has(annotation.id)).map((annotation) => annotation.id);
  }

  near(bounds: Bounds): readonly Annotation[] {
    return this.index.within(bounds).filter((annotation) => this.isShown(annotation));
  }

  lines({ shape }: Annotation): readonly (readonly Point[])[] {
    const known = this.outlines.get(shape) ?? (kindOf(shape).editor ? kindOf(shape).outline(shape).lines : []);
    this.outlines.set(shape, known);
    return known;
  }

  isFree(id: string): boolean {
    const annotation = this.document().get(id);
    return annotation !== undefined && this.isShown(annotation) && !this.store.getState().locked.has(id);
  }

  say(notice: string): void {
    if (this.store.getState().notice !== notice) this.store.setState({ notice });
  }

  pixels(): PixelReader | null {
    return this.picture;
  }

  create(shape: Shape, also: (document: AnnotationDocument) => AnnotationDocument = (document) => document): string | null {
    const label = this.label();
    if (label === null) return null;
    const annotation = { ...humanAnnotation(this.newId(), label, shape), attributes: defaultAnswers(this.definitions, label) };
    this.apply(`Drew a ${kindOf(shape).title}`, (document) => add(also(document), annotation));
    this.showLabel(label);
    this.select([annotation.id]);
    return annotation.id;
  }

  /** What was just drawn is seen, though the label was hidden. */
  private showLabel(label: number): void {
    const { hiddenLabels } = this.store.getState();
    if (!hiddenLabels.has(label)) return;
    this.setVisibility({ hiddenLabels: new Set([...hiddenLabels].filter((other) => other !== label)) });
    this.say("The label was hidden; its objects are shown again.");
  }

  /** Give the label to what is selected, and to the next object. */
  setLabel(label: number): void {
    this.store.setState({ label });
    this.relabel(this.selection(), label);
  }

  /** Give objects another label, and say what of them that label has no place for. */
  relabel(objects: Selection, label: number): void {
    const ids = objects.filter((id) => this.isFree(id));
    if (ids.length === 0) return;
    const before = this.document();
    this.apply("Changed the label", (document) => setLabel(document, ids, label, this.skeleton(label)));
    const after = ids.flatMap((id) => this.document().get(id) ?? []);
    if (after.some((annotation) => annotation.label !== label)) this.say("That label has none of the object's points: the object keeps its label. Draw it anew instead.");
    else if (after.some((annotation) => dots(annotation) < dots(before.get(annotation.id)))) this.say("Points that the new label does not have were dropped; undo brings them back.");
  }

  setThresholds(thresholds: Thresholds): void {
    this.setVisibility({ thresholds });
  }

  /** Show or hide objects; what is out of sight is not selected. */
  setVisibility(visibility: Partial<Visibility>): void {
    this.store.setState(visibility);
    this.select(this.selection().filter((id) => this.isShownId(id)));
  }

  setLocked(locked: ReadonlySet<string>): void {
    this.store.setState({ locked });
    this.mode.refresh();
  }

  /** Where the image lies became known: lengths are told in metres from now on. */
  setRuler(ruler: Ruler): void {
    this.store.setState({ ruler });
    this.mode.refresh();
  }

  setMode(name: string): void {
    this.mode.leave();
    const { tool } = this.store.getState();
    this.store.setState({ preview: [], overlay: NO_OVERLAY, mode: name, tool: toolOf(name)?.name ?? tool, notice: "" });
    this.mode = modeNamed(name, this);
    this.mode.refresh();
  }

  key(press: KeyPress): boolean {
    return this.mode.key(press);
  }

  freshId(): string {
    return this.newId();
  }

  private isShown(annotation: Annotation): boolean {
    return isShown(annotation, this.store.getState());
  }

  private isShownId(id: string): boolean {
    const annotation = this.document().get(id);
    return annotation !== undefined && this.isShown(annotation);
  }

  /** Begin anew with another document: what came before it was nobody's work, and undo does not lead back there. */
  restart(document: AnnotationDocument): void {
    this.go(startHistory(document));
  }

  /** Take in what was changed elsewhere: undo neither takes it back nor leads behind it. */
  takeIn(patch: Patch): void {
    this.go(throughout(this.store.getState().history, (document) => applyPatch(document, patch)));
  }

  /** Walk the history, and select what came back or changed, so that the eye finds it. */
  private travel(step: (history: History) => History): void {
    const before = this.document();
    this.go(step(this.store.getState().history));
    const changed = difference(before, this.document()).upsert.map((annotation) => annotation.id);
    if (changed.length > 0 && changed.length <= MOST_SELECTED) this.select(changed.filter((id) => this.isShownId(id)));
  }

  private go(history: History): void {
    const state = this.store.getState();
    if (history === state.history) return;
    const { document } = history.present;
    this.index.sync(document);
    const exists = (id: string): boolean => document.has(id);
    const hovered = state.hovered !== null && exists(state.hovered) ? state.hovered : null;
    this.store.setState({ history, preview: [], notice: "", hovered, selection: among(state.selection, exists) });
    this.mode.refresh();
  }
}
