/** Labels of the whole image. */
import { withAnnotations, withoutAnnotations, type AnnotationDocument } from "../core/document";
import { isDraft } from "../core/review";
import type { Annotation } from "../core/types";
import { kindOf } from "../shapes/kinds";
import { WHOLE } from "../shapes/whole";
import { humanAnnotation } from "./annotations";
import { accepted } from "./review";

/** Annotations that speak of the whole image: those without a place. */
export function wholeAnnotations(document: AnnotationDocument): Annotation[] {
  return [...document.values()].filter((annotation) => kindOf(annotation.shape).bounds(annotation.shape) === null);
}

export function chosenLabels(document: AnnotationDocument): number[] {
  return wholeAnnotations(document).filter((annotation) => !isDraft(annotation)).map((annotation) => annotation.label);
}

/** The label that a person gave the image itself, of several the one that counts; null without any. */
export function imageLabel(document: AnnotationDocument): number | null {
  const given = wholeAnnotations(document).filter((annotation) => !isDraft(annotation));
  return (given.find((annotation) => annotation.default === true) ?? given[0])?.label ?? null;
}

/** The models' drafts, the surest first. */
export function guesses(document: AnnotationDocument): Annotation[] {
  return wholeAnnotations(document)
    .filter(isDraft)
    .sort((a, b) => (b.confidence ?? 0) - (a.confidence ?? 0));
}

/**
 * Press a label once: a draft of it is accepted, an absent one is given, a given one is taken back.
 * With one label per image the others go.
 */
export function toggleLabel(document: AnnotationDocument, label: number, options: { readonly multi: boolean; readonly id: string }): AnnotationDocument {
  const all = wholeAnnotations(document);
  const same = all.find((annotation) => annotation.label === label);
  const rivals = options.multi ? [] : all.filter((annotation) => annotation !== same).map((annotation) => annotation.id);
  if (same && !isDraft(same)) return withoutAnnotations(document, [same.id]);
  const chosen = same ? accepted(same) : humanAnnotation(options.id, label, WHOLE);
  return withAnnotations(withoutAnnotations(document, rivals), [chosen]);
}
