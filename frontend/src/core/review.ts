/** Drafts by models: which ones are shown, at which threshold. */
import type { AnnotationDocument } from "./document";
import type { Annotation } from "./types";

export interface Thresholds {
  /** For every label that has none of its own, 0 to 1. */
  readonly all: number;
  readonly byLabel: Readonly<Record<number, number>>;
}

export const DEFAULT_THRESHOLDS: Thresholds = { all: 0.5, byLabel: {} };

export function thresholdOf(thresholds: Thresholds, label: number): number {
  return thresholds.byLabel[label] ?? thresholds.all;
}

export function isDraft(annotation: Annotation): boolean {
  return annotation.review === "draft";
}

/** A draft without a confidence is always above. */
export function isAbove(annotation: Annotation, thresholds: Thresholds): boolean {
  return annotation.confidence === null || annotation.confidence >= thresholdOf(thresholds, annotation.label);
}

/** What a person chose to see: drafts above the thresholds, without the objects and labels that are hidden for now. */
export interface Visibility {
  readonly thresholds: Thresholds;
  readonly hidden: ReadonlySet<string>;
  readonly hiddenLabels: ReadonlySet<number>;
}

/** Whether an annotation belongs to what is reviewed and counted; hiding it for a moment changes nothing about that. */
export function isKept(annotation: Annotation, thresholds: Thresholds): boolean {
  return !isDraft(annotation) || isAbove(annotation, thresholds);
}

export function isShown(annotation: Annotation, { thresholds, hidden, hiddenLabels }: Visibility): boolean {
  return isKept(annotation, thresholds) && !hidden.has(annotation.id) && !hiddenLabels.has(annotation.label);
}

export function shownAnnotations(document: AnnotationDocument, visibility: Visibility): Annotation[] {
  return [...document.values()].filter((annotation) => isShown(annotation, visibility));
}

/** For the list beside the canvas: hidden objects stay in it, so that they can be shown again. */
export function keptAnnotations(document: AnnotationDocument, thresholds: Thresholds): Annotation[] {
  return [...document.values()].filter((annotation) => isKept(annotation, thresholds));
}

export interface DraftCounts {
  readonly drafts: number;
  readonly above: number;
}

export function countDrafts(document: AnnotationDocument, thresholds: Thresholds, label?: number): DraftCounts {
  let drafts = 0;
  let above = 0;
  for (const annotation of document.values()) {
    if (!isDraft(annotation) || (label !== undefined && annotation.label !== label)) continue;
    drafts += 1;
    if (isAbove(annotation, thresholds)) above += 1;
  }
  return { drafts, above };
}
