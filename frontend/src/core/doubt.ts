/** Where to look first: places of an image by how unsure a model is there. */
import { isDraft } from "./review";
import type { AnnotationDocument } from "./document";
import type { Annotation, Bounds } from "./types";

export interface DoubtfulArea {
  readonly bounds: Bounds;
  /** 0 to 1, higher is less certain. */
  readonly uncertainty: number;
}

/** The entropy in bits of a yes-or-no answer: 1 at a half, 0 where a model is sure. */
export function doubtOf(confidence: number): number {
  if (confidence <= 0 || confidence >= 1) return 0;
  return Math.min(1, -(confidence * Math.log2(confidence) + (1 - confidence) * Math.log2(1 - confidence)));
}

/** Places of the drafts that carry a confidence, the most doubtful first. */
export function doubtfulDrafts(document: AnnotationDocument, boundsOf: (annotation: Annotation) => Bounds | null): DoubtfulArea[] {
  return [...document.values()]
    .filter(isDraft)
    .flatMap((annotation) => {
      const bounds = boundsOf(annotation);
      return bounds && annotation.confidence !== null ? [{ bounds, uncertainty: doubtOf(annotation.confidence) }] : [];
    })
    .sort((a, b) => b.uncertainty - a.uncertainty);
}

/** The next place in a list that goes round; the first step goes to the most doubtful one, whichever way it leads. */
export function stepped(at: number | null, step: 1 | -1, count: number): number | null {
  if (count === 0) return null;
  return at === null ? 0 : (at + step + count) % count;
}
