/** Review what models drafted. */
import { withAnnotations, withoutAnnotations, type AnnotationDocument } from "../core/document";
import { isAbove, isDraft, type Thresholds } from "../core/review";
import type { Annotation } from "../core/types";

/** Accepting keeps the origin: a person agreed with a model's answer as it is. */
export function accepted(annotation: Annotation): Annotation {
  return isDraft(annotation) ? { ...annotation, review: "accepted" } : annotation;
}

function drafts(document: AnnotationDocument, ids: readonly string[]): Annotation[] {
  return ids.flatMap((id) => document.get(id) ?? []).filter(isDraft);
}

export function accept(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  return withAnnotations(document, drafts(document, ids).map(accepted));
}

/** Rejecting removes drafts and touches nothing else. */
export function reject(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  return withoutAnnotations(
    document,
    drafts(document, ids).map((annotation) => annotation.id),
  );
}

export function draftsAbove(document: AnnotationDocument, thresholds: Thresholds): Annotation[] {
  return [...document.values()].filter((annotation) => isDraft(annotation) && isAbove(annotation, thresholds));
}

export function acceptAllAbove(document: AnnotationDocument, thresholds: Thresholds): AnnotationDocument {
  return withAnnotations(document, draftsAbove(document, thresholds).map(accepted));
}

export function rejectAll(document: AnnotationDocument): AnnotationDocument {
  return reject(document, [...document.keys()]);
}
