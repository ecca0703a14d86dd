/** What a person can do to annotations: each action takes a document and gives the next one. */
import { withAnnotations, withoutAnnotations, type AnnotationDocument } from "../core/document";
import type { Skeleton } from "../core/skeleton";
import type { Point, Annotation, Shape, Size } from "../core/types";
import { kindOf } from "../shapes/kinds";

/** A changed annotation is the person's own: it is no draft any more, and no model vouches for it. */
export function asHuman(annotation: Annotation): Annotation {
  return { ...annotation, origin: "human", review: "accepted", confidence: null };
}

export function humanAnnotation(id: string, label: number, shape: Shape): Annotation {
  return { id, label, shape, origin: "human", review: "accepted", confidence: null, model: null, attributes: {} };
}

function change(document: AnnotationDocument, ids: readonly string[], edit: (annotation: Annotation) => Annotation): AnnotationDocument {
  const changed = ids.flatMap((id) => {
    const annotation = document.get(id);
    return annotation ? [edit(annotation)] : [];
  });
  return withAnnotations(document, changed);
}

export function add(document: AnnotationDocument, annotation: Annotation): AnnotationDocument {
  return withAnnotations(document, [annotation]);
}

export function remove(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  return withoutAnnotations(document, ids);
}

/** Give a label. Objects take the named points of its skeleton; those that have none of them keep the label they had. */
export function setLabel(document: AnnotationDocument, ids: readonly string[], label: number, skeleton: Skeleton | null = null): AnnotationDocument {
  return change(document, ids, (annotation) => {
    if (annotation.label === label) return annotation;
    const shape = relabeled(annotation.shape, skeleton);
    return shape === null ? annotation : asHuman({ ...annotation, label, shape });
  });
}

function relabeled(shape: Shape, skeleton: Skeleton | null): Shape | null {
  const fit = kindOf(shape).relabeled;
  return fit && skeleton ? fit(shape, skeleton) : shape;
}

export function setShape(document: AnnotationDocument, id: string, shape: Shape): AnnotationDocument {
  return change(document, [id], (annotation) => (annotation.shape === shape ? annotation : asHuman({ ...annotation, shape })));
}

/** Move annotations inside the image; those whose kind cannot move stay. */
export function move(document: AnnotationDocument, ids: readonly string[], [dx, dy]: Point, size: Size): AnnotationDocument {
  return change(document, ids, (annotation) => moved(annotation, [dx, dy], size));
}

export function moved(annotation: Annotation, [dx, dy]: Point, size: Size): Annotation {
  const shift = kindOf(annotation.shape).move;
  return shift && (dx !== 0 || dy !== 0) ? asHuman({ ...annotation, shape: shift(annotation.shape, dx, dy, size) }) : annotation;
}
