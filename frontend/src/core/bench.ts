/** What a mode may see and do. The session of an image implements it; modes know nothing else. */
import type { AnnotationDocument } from "./document";
import type { Handle, Outline } from "./kinds";
import type { Selection } from "./selection";
import type { Annotation, Point, Shape, Size } from "./types";

/** What is drawn over the shapes while a mode works. */
export interface Overlay {
  readonly sketch: Outline | null;
  readonly handles: readonly Handle[];
  /** The handle under the pointer, or the one touched last. */
  readonly activeHandle: string | null;
  readonly cursor: string;
}

export const NO_OVERLAY: Overlay = { sketch: null, handles: [], activeHandle: null, cursor: "default" };

export interface Bench {
  readonly size: Size;
  document(): AnnotationDocument;
  selection(): Selection;
  select(ids: Selection): void;
  hover(id: string | null): void;
  /** Do an action and put it on the history; steps with the same `mergeKey` in a row become one. */
  apply(title: string, action: (document: AnnotationDocument) => AnnotationDocument, mergeKey?: string): void;
  /** Show annotations as they would be, without changing the document. */
  preview(annotations: readonly Annotation[]): void;
  overlay(overlay: Overlay): void;
  /** Ids of the shown annotations at a point, the smallest first. */
  hits(at: Point, reach: number): readonly string[];
  /** Add a shape with the current label and select it. */
  create(shape: Shape): void;
  setMode(name: string): void;
}
