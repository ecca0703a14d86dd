/** What can be done to whole lines; each action takes a document and gives the next one. */
import { asHuman, setShape } from "../../actions/annotations";
import { withAnnotations, withoutAnnotations, type AnnotationDocument } from "../../core/document";
import { simplified } from "../../core/path/simplify";
import type { Annotation, Point } from "../../core/types";
import { cutAt, extended, joinedLines, type End } from "./geometry";
import type { PolylineShape } from "./shape";

export interface LineAnnotation extends Annotation {
  readonly shape: PolylineShape;
}

export function isLine(annotation: Annotation | undefined): annotation is LineAnnotation {
  return annotation?.shape.type === "polyline";
}

export function linesAmong(document: AnnotationDocument, ids: readonly string[]): LineAnnotation[] {
  return ids.map((id) => document.get(id)).filter(isLine);
}

export function extend(document: AnnotationDocument, id: string, end: End, added: readonly Point[]): AnnotationDocument {
  const [line] = linesAmong(document, [id]);
  return line && added.length > 0 ? setShape(document, id, extended(line.shape, end, added)) : document;
}

/** Cut a line at an inner point; the first half keeps its identity. */
export function cut(document: AnnotationDocument, id: string, vertex: number, freshId: () => string): AnnotationDocument {
  const [line] = linesAmong(document, [id]);
  const halves = line && cutAt(line.shape, vertex);
  if (!line || !halves) return document;
  return withAnnotations(setShape(document, id, halves[0]), [asHuman({ ...line, id: freshId(), shape: halves[1] })]);
}

/** Join lines one after the other at their nearest ends; the first keeps its identity. */
export function joinLines(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  const [first, ...others] = linesAmong(document, ids);
  if (!first || others.length === 0) return document;
  const shape = others.reduce((line, other) => joinedLines(line, other.shape), first.shape);
  return setShape(withoutAnnotations(document, others.map(({ id }) => id)), first.id, shape);
}

export function turnRound(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  return linesAmong(document, ids).reduce((next, { id, shape }) => setShape(next, id, { ...shape, points: [...shape.points].reverse() }), document);
}

export function simplifiedLine(line: PolylineShape, tolerance: number): PolylineShape {
  const [points = line.points] = simplified([line.points], tolerance);
  return points === line.points ? line : { ...line, points };
}

export function simplifyLines(document: AnnotationDocument, ids: readonly string[], tolerance: number): AnnotationDocument {
  return linesAmong(document, ids).reduce((next, { id, shape }) => setShape(next, id, simplifiedLine(shape, tolerance)), document);
}
