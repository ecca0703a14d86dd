/** Copies of objects: into the same image, or into another one. */
import { withAnnotations, type AnnotationDocument } from "../core/document";
import type { Annotation, Point, Size } from "../core/types";
import { kindOf } from "../shapes/kinds";
import { asHuman } from "./annotations";

/** Objects that have a place: what can be copied. Labels of the whole image stay where they are. */
export function placed(document: AnnotationDocument, ids: readonly string[]): Annotation[] {
  return ids.flatMap((id) => document.get(id) ?? []).filter(({ shape }) => kindOf(shape).bounds(shape) !== null);
}

function fits({ shape }: Annotation, size: Size): boolean {
  const kind = kindOf(shape);
  if (kind.fits) return kind.fits(shape, size);
  const bounds = kind.bounds(shape);
  return bounds !== null && bounds[0] >= 0 && bounds[1] >= 0 && bounds[2] <= size.width && bounds[3] <= size.height;
}

export interface Pasted {
  readonly document: AnnotationDocument;
  readonly ids: readonly string[];
  /** How many did not fit into this image. */
  readonly refused: number;
}

/** Add copies, moved by `offset` where their kind can move and the image has room. A copy is the person's own work. */
export function paste(document: AnnotationDocument, copies: readonly Annotation[], options: { readonly size: Size; readonly offset: Point; readonly freshId: () => string }): Pasted {
  const fitting = copies.filter((annotation) => fits(annotation, options.size));
  const made = fitting.map(({ shape, ...rest }): Annotation => {
    const moved = kindOf(shape).move?.(shape, options.offset[0], options.offset[1], options.size) ?? shape;
    return { ...asHuman({ ...rest, shape: moved }), id: options.freshId(), model: null };
  });
  return { document: withAnnotations(document, made), ids: made.map(({ id }) => id), refused: copies.length - made.length };
}
