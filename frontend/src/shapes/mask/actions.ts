/** What can be done to whole masks: each action takes a document and gives the next one. */
import { asHuman, remove, setShape } from "../../actions/annotations";
import { withAnnotations, type AnnotationDocument } from "../../core/document";
import { clamp } from "../../core/geometry";
import type { Annotation, Part, Shape, Size } from "../../core/types";
import { kindOf } from "../kinds";
import type { PolygonShape } from "../polygon/shape";
import { areaOf, combine, SUBTRACT, UNION, type Columns } from "./columns";
import { componentsOf } from "./connect";
import { bounds, columnsOf, maskOf } from "./geometry";
import { fillPolygons, tracePolygons } from "./polygons";
import type { MaskShape } from "./shape";

/** The server takes no polygon of more. */
export const MOST_VERTICES = 200_000;

interface MaskAnnotation extends Annotation {
  readonly shape: MaskShape;
}

export function masksAmong(document: AnnotationDocument, ids: readonly string[]): readonly MaskAnnotation[] {
  return ids.flatMap((id) => {
    const annotation = document.get(id);
    return annotation?.shape.type === "mask" ? [annotation as MaskAnnotation] : [];
  });
}

/** Change the pixels of masks; one that loses all of them goes, one that keeps them all stays what it was. */
export function changePixels(document: AnnotationDocument, ids: readonly string[], change: (columns: Columns) => Columns): AnnotationDocument {
  return masksAmong(document, ids).reduce((next, { id, shape }) => {
    const changed = maskOf(change(columnsOf(shape)));
    if (changed?.counts === shape.counts) return next;
    return changed ? setShape(next, id, changed) : remove(next, [id]);
  }, document);
}

/** Make one object of masks: the first one gets the pixels of all. */
export function merge(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  const [first, ...rest] = masksAmong(document, ids);
  if (!first || rest.length === 0) return document;
  const all = rest.reduce((columns, { shape }) => combine(columns, columnsOf(shape), UNION), columnsOf(first.shape));
  const merged = changePixels(document, [first.id], () => all);
  return remove(merged, rest.map(({ id }) => id));
}

/** Take the pixels of all other masks away from the first. */
export function subtract(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  const [first, ...rest] = masksAmong(document, ids);
  if (!first) return document;
  return changePixels(document, [first.id], (columns) => rest.reduce((left, { shape }) => combine(left, columnsOf(shape), SUBTRACT), columns));
}

/** Make an object of every connected part; the largest stays the object that it was. */
export function split(document: AnnotationDocument, ids: readonly string[], freshId: () => string): AnnotationDocument {
  return masksAmong(document, ids).reduce((next, annotation) => {
    const parts = componentsOf(columnsOf(annotation.shape)).sort((a, b) => areaOf(b) - areaOf(a));
    if (parts.length < 2) return next;
    const objects = parts.flatMap((part, at): Annotation[] => {
      const shape = maskOf(part);
      return shape ? [asHuman({ ...annotation, id: at === 0 ? annotation.id : freshId(), shape })] : [];
    });
    return withAnnotations(next, objects);
  }, document);
}

export function polygonsOf(mask: MaskShape): PolygonShape {
  return { type: "polygon", polygons: tracePolygons(columnsOf(mask)) };
}

export function vertexCount({ polygons }: PolygonShape): number {
  return polygons.flat().reduce((sum, ring) => sum + ring.length, 0);
}

/** Replace masks by the polygons around them; those of too many vertices stay. */
export function toPolygons(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  return masksAmong(document, ids).reduce((next, { id, shape }) => {
    const polygon = polygonsOf(shape);
    return vertexCount(polygon) > MOST_VERTICES ? next : setShape(next, id, polygon);
  }, document);
}

/** What a shape covers, as polygons; empty for lines, points and the whole image. */
export function partsOf(shape: Shape): readonly Part[] {
  const kind = kindOf(shape);
  if (kind.parts) return kind.parts(shape);
  const closed = kind.outline(shape).lines.filter((line) => line.length > 3 && line[0]?.join() === line.at(-1)?.join());
  return kind.area(shape) > 0 ? closed.map((line): Part => [line]) : [];
}

/** Replace shapes that have an area by the pixels whose centres they cover; what covers none stays. */
export function toMasks(document: AnnotationDocument, ids: readonly string[], size: Size): AnnotationDocument {
  return ids.reduce((next, id) => {
    const shape = document.get(id)?.shape;
    const parts = shape && shape.type !== "mask" ? partsOf(shape) : [];
    const mask = parts.length > 0 ? maskOf(fillPolygons(parts, size)) : null;
    return mask ? setShape(next, id, mask) : next;
  }, document);
}

/** Move by whole pixels inside the image. */
export function move(mask: MaskShape, dx: number, dy: number, { width, height }: Size): MaskShape {
  const [x0, y0, x1, y1] = bounds(mask);
  const across = clamp(Math.round(dx), -x0, width - x1);
  const down = clamp(Math.round(dy), -y0, height - y1);
  if (across === 0 && down === 0) return mask;
  const columns = columnsOf(mask);
  const list = columns.list.map((stretches) => stretches.map((row) => row + down));
  return maskOf({ ...columns, left: columns.left + across, list }) ?? mask;
}
