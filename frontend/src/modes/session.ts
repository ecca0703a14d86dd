/** One image on the desk: its document with history, selection, mode and what is shown. No DOM, no network. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { add, humanAnnotation, setLabel } from "../actions/annotations";
import { modeNamed } from "./index";
import type { KeyPress, Mode } from "./mode";
import { NO_OVERLAY, type Bench, type Overlay } from "../core/bench";
import { difference, newAnnotationId, type AnnotationDocument } from "../core/document";
import { HitIndex } from "../shapes/hit-index";
import { commit, redo, startHistory, undo, type History } from "../core/history";
import { isShown, type Thresholds } from "../core/review";
import { among, NOTHING, type Selection } from "../core/selection";
import type { Annotation, Point, Shape, Size } from "../core/types";

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
}

export interface SessionOptions {
  readonly size: Size;
  readonly document: AnnotationDocument;
  readonly label: number | null;
  readonly thresholds: Thresholds;
  readonly mode?: string;
  readonly newId?: () => string;
}

/** An undo that changes more than this selects nothing. */
const MOST_SELECTED = 20;

export class Session implements Bench {
  readonly size: Size;
  readonly store: StoreApi<SessionState>;
  private readonly index = new HitIndex();
  private readonly newId: () => string;
  private mode: Mode;

  constructor(options: SessionOptions) {
    this.size = options.size;
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
    }));
    this.index.sync(options.document);
    this.mode = modeNamed("select", this);
    if (options.mode) this.setMode(options.mode);
  }

  document(): AnnotationDocument {
    return this.store.getState().history.present.document;
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

  hits(at: Point, reach: number): readonly string[] {
    const { thresholds } = this.store.getState();
    return this.index.at(at, reach).filter((annotation) => isShown(annotation, thresholds)).map((annotation) => annotation.id);
  }

  create(shape: Shape): void {
    const { label } = this.store.getState();
    if (label === null) return;
    const annotation = humanAnnotation(this.newId(), label, shape);
    this.apply(`Drew a ${shape.type}`, (document) => add(document, annotation));
    this.select([annotation.id]);
  }

  /** Give the label to what is selected, and to the next object. */
  setLabel(label: number): void {
    this.store.setState({ label });
    const ids = this.selection();
    if (ids.length > 0) this.apply("Changed the label", (document) => setLabel(document, ids, label));
  }

  setThresholds(thresholds: Thresholds): void {
    this.store.setState({ thresholds });
    this.select(this.selection().filter((id) => this.isShownId(id)));
  }

  setMode(name: string): void {
    this.mode.leave();
    this.store.setState({ preview: [], overlay: NO_OVERLAY, mode: name });
    this.mode = modeNamed(name, this);
    this.mode.refresh();
  }

  key(press: KeyPress): boolean {
    return this.mode.key(press);
  }

  /** A fresh id for an annotation that somebody else makes, such as a label of the whole image. */
  freshId(): string {
    return this.newId();
  }

  private isShownId(id: string): boolean {
    const annotation = this.document().get(id);
    return annotation !== undefined && isShown(annotation, this.store.getState().thresholds);
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
    this.store.setState({ history, preview: [], hovered, selection: among(state.selection, exists) });
    this.mode.refresh();
  }
}
