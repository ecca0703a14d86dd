/** Drawing order: which object lies on top. `z` counts; equal ones lie as they were made. */
import { withAnnotations, type AnnotationDocument } from "../core/document";
import type { Annotation, Bounds } from "../core/types";
import { kindOf } from "../shapes/kinds";

export function heightOf(annotation: Annotation): number {
  return annotation.z ?? 0;
}

/** Zero is not written, as the server does not write it either. */
function at(annotation: Annotation, z: number): Annotation {
  const flat: { -readonly [K in keyof Annotation]: Annotation[K] } = { ...annotation };
  delete flat.z;
  return z === 0 ? flat : { ...flat, z };
}

/** From the bottom to the top. */
export function stacked(document: AnnotationDocument): Annotation[] {
  return [...document.values()].sort((a, b) => heightOf(a) - heightOf(b));
}

function boundsOf({ shape }: Annotation): Bounds | null {
  return kindOf(shape).bounds(shape);
}

function meet(a: Annotation, b: Annotation): boolean {
  const [one, other] = [boundsOf(a), boundsOf(b)];
  return one !== null && other !== null && one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
}

function apart(document: AnnotationDocument, ids: readonly string[]): { readonly chosen: Annotation[]; readonly others: Annotation[] } {
  const all = stacked(document);
  return { chosen: all.filter(({ id }) => ids.includes(id)), others: all.filter(({ id }) => !ids.includes(id)) };
}

/** Put objects above all others; among each other they keep their order. */
export function toFront(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  const { chosen, others } = apart(document, ids);
  const top = others.at(-1);
  return top ? withAnnotations(document, chosen.map((annotation, place) => at(annotation, heightOf(top) + 1 + place))) : document;
}

export function toBack(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  const { chosen, others } = apart(document, ids);
  const bottom = others[0];
  return bottom ? withAnnotations(document, chosen.map((annotation, place) => at(annotation, heightOf(bottom) - chosen.length + place))) : document;
}

/** Put one object just above, or just below, the next one that it overlaps. */
export function pass(document: AnnotationDocument, id: string, step: 1 | -1): AnnotationDocument {
  const all = stacked(document);
  const from = all.findIndex((annotation) => annotation.id === id);
  const own = all[from];
  if (!own) return document;
  const beyond = step === 1 ? all.slice(from + 1) : all.slice(0, from).reverse();
  const next = beyond.find((annotation) => meet(own, annotation));
  return next ? withAnnotations(document, [at(own, heightOf(next) + step)]) : document;
}
