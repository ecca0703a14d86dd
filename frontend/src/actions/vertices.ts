/** Edit a shape by its handles, through its kind's own editor. */
import type { AnnotationDocument } from "../core/document";
import type { Hold } from "../core/kinds";
import type { Point, Size } from "../core/types";
import { kindOf } from "../shapes/kinds";
import { remove, setShape } from "./annotations";

export function setVertex(document: AnnotationDocument, id: string, key: string, to: Point, size: Size, hold?: Hold): AnnotationDocument {
  const annotation = document.get(id);
  const editor = annotation && kindOf(annotation.shape).editor;
  return editor ? setShape(document, id, editor.drag(annotation.shape, key, to, size, hold)) : document;
}

/** Move several vertices of one annotation together. */
export function shiftVertices(document: AnnotationDocument, id: string, keys: readonly string[], by: Point, size: Size): AnnotationDocument {
  const annotation = document.get(id);
  const shift = annotation && kindOf(annotation.shape).editor?.shift;
  return annotation && shift && (by[0] !== 0 || by[1] !== 0) ? setShape(document, id, shift(annotation.shape, keys, by, size)) : document;
}

export interface Inserted {
  readonly document: AnnotationDocument;
  readonly key: string;
}

/** Put a vertex on the edge under a point; null when no edge is within reach. */
export function insertVertex(document: AnnotationDocument, id: string, at: Point, reach: number): Inserted | null {
  const annotation = document.get(id);
  const made = annotation ? (kindOf(annotation.shape).editor?.insert?.(annotation.shape, at, reach) ?? null) : null;
  return made && { document: setShape(document, id, made.shape), key: made.key };
}

/** Take vertices away; the annotation goes with the last ones that made it a shape. */
export function deleteVertices(document: AnnotationDocument, id: string, keys: readonly string[]): AnnotationDocument {
  const annotation = document.get(id);
  const editor = annotation && kindOf(annotation.shape).editor;
  if (!annotation || !editor?.remove) return document;
  const shape = editor.remove(annotation.shape, keys);
  return shape ? setShape(document, id, shape) : remove(document, [id]);
}
