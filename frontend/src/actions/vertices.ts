/** Edit a shape by its handles, through its kind's own editor. */
import type { AnnotationDocument } from "../core/document";
import type { Point, Size } from "../core/types";
import { kindOf } from "../shapes/kinds";
import { remove, setShape } from "./annotations";

export function setVertex(document: AnnotationDocument, id: string, key: string, to: Point, size: Size): AnnotationDocument {
  const annotation = document.get(id);
  const editor = annotation && kindOf(annotation.shape).editor;
  return editor ? setShape(document, id, editor.drag(annotation.shape, key, to, size)) : document;
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

/** Take a vertex away; the annotation goes with the last vertices that made it a shape. */
export function deleteVertex(document: AnnotationDocument, id: string, key: string): AnnotationDocument {
  const annotation = document.get(id);
  const editor = annotation && kindOf(annotation.shape).editor;
  if (!annotation || !editor?.remove) return document;
  const shape = editor.remove(annotation.shape, key);
  return shape ? setShape(document, id, shape) : remove(document, [id]);
}
