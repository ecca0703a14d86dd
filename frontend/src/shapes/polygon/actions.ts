/** What can be done to whole polygons. Every action takes a document and gives the next one; the same one where nothing changes. */
import { asHuman, setShape } from "../../actions/annotations";
import { withAnnotations, withoutAnnotations, type AnnotationDocument } from "../../core/document";
import { simplified } from "../../core/path/simplify";
import type { Annotation, Part, Point, Ring } from "../../core/types";
import { joined, shared, subtracted, tidyRing } from "./clip";
import { area, rings } from "./geometry";
import type { PolygonShape } from "./shape";
import { split } from "./split";

export interface PolygonAnnotation extends Annotation {
  readonly shape: PolygonShape;
}

export function isPolygon(annotation: Annotation | undefined): annotation is PolygonAnnotation {
  return annotation?.shape.type === "polygon";
}

export function polygonsAmong(document: AnnotationDocument, ids: readonly string[]): PolygonAnnotation[] {
  return ids.map((id) => document.get(id)).filter(isPolygon);
}

/** Give an annotation other ground; without any it goes. */
function withGround(document: AnnotationDocument, { id }: Annotation, polygons: readonly Part[]): AnnotationDocument {
  return polygons.length > 0 ? setShape(document, id, { type: "polygon", polygons }) : withoutAnnotations(document, [id]);
}

function same(a: readonly Part[], b: readonly Part[]): boolean {
  return area({ type: "polygon", polygons: a }) === area({ type: "polygon", polygons: b });
}

/** Add a part to an object. One that overlaps its ground grows it instead: parts of a polygon do not cover each other. */
export function addPart(document: AnnotationDocument, id: string, ring: Ring): AnnotationDocument {
  const [polygon] = polygonsAmong(document, [id]);
  const shell = tidyRing(ring);
  if (!polygon || shell.length === 0) return document;
  const { polygons } = polygon.shape;
  const apart = shared(polygons, [[shell]]).length === 0;
  return withGround(document, polygon, apart ? [...polygons, [shell]] : joined(polygons, [[shell]]));
}

/** Why a hole cannot be made there; null when it can. */
export function holeRefusal({ polygons }: PolygonShape, ring: Ring): string | null {
  const hole = tidyRing(ring);
  if (hole.length === 0) return "A hole needs an area.";
  const shells = polygons.map((part): Part => part.slice(0, 1));
  if (subtracted([[hole]], shells).length > 0) return "A hole lies inside its object. Draw it inside, or draw an object there and subtract it.";
  return shared(polygons, [[hole]]).length === 0 ? "There is a hole already." : null;
}

/** Cut a hole. Parts that lie inside it stay; holes that it meets become one with it. */
export function addHole(document: AnnotationDocument, id: string, ring: Ring): AnnotationDocument {
  const [polygon] = polygonsAmong(document, [id]);
  if (!polygon || holeRefusal(polygon.shape, ring) !== null) return document;
  const { polygons } = polygon.shape;
  const hole = tidyRing(ring);
  const owner = polygons.findIndex((part) => subtracted([[hole]], [part]).length === 0);
  if (owner >= 0) return withGround(document, polygon, polygons.map((part, at) => (at === owner ? [...part, hole] : part)));
  // The hole swallows holes, or reaches around a part: the ground of the part that it is cut from decides.
  const around = smallestAround(polygons, hole);
  return withGround(document, polygon, polygons.flatMap((part, at) => (at === around ? subtracted([part], [[hole]]) : [part])));
}

function smallestAround(polygons: readonly Part[], hole: Ring): number {
  const around = polygons.flatMap((part, at) => (subtracted([[hole]], [part.slice(0, 1)]).length === 0 ? [{ at, size: area({ type: "polygon", polygons: [part.slice(0, 1)] }) }] : []));
  return around.sort((a, b) => a.size - b.size)[0]?.at ?? -1;
}

/** Fill all holes. */
export function fillHoles(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  const filled = polygonsAmong(document, ids).filter(({ shape }) => shape.polygons.some((part) => part.length > 1));
  return filled.reduce((next, polygon) => withGround(next, polygon, polygon.shape.polygons.map((part) => part.slice(0, 1))), document);
}

/** Cut objects along a line. The largest piece of each keeps its identity, and the parts that were not cut. */
export function splitBy(document: AnnotationDocument, ids: readonly string[], line: readonly Point[], into: "objects" | "parts", freshId: () => string): AnnotationDocument {
  return polygonsAmong(document, ids).reduce((next, polygon) => {
    const cut = split(polygon.shape.polygons, line);
    if (!cut) return next;
    const pieces = [...cut.pieces].sort((a, b) => area({ type: "polygon", polygons: [b] }) - area({ type: "polygon", polygons: [a] }));
    if (into === "parts") return withGround(next, polygon, [...pieces, ...cut.whole]);
    const [largest, ...rest] = pieces;
    const kept = withGround(next, polygon, [...(largest ? [largest] : []), ...cut.whole]);
    return withAnnotations(kept, rest.map((piece) => pieceOf(polygon, freshId(), [piece])));
  }, document);
}

/** A new annotation that says of its ground what the old one said. */
function pieceOf(from: Annotation, id: string, polygons: readonly Part[]): Annotation {
  return asHuman({ ...from, id, shape: { type: "polygon", polygons } });
}

/** Make an object of each part. */
export function separateParts(document: AnnotationDocument, ids: readonly string[], freshId: () => string): AnnotationDocument {
  return polygonsAmong(document, ids).reduce((next, polygon) => {
    const [first, ...rest] = polygon.shape.polygons;
    if (!first || rest.length === 0) return next;
    return withAnnotations(withGround(next, polygon, [first]), rest.map((part) => pieceOf(polygon, freshId(), [part])));
  }, document);
}

/** Make one object of several: the first takes the ground of all; borders between them vanish. */
export function join(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  return merge(document, ids, (first, others) => joined(first, ...others));
}

/** Make one object of several, whose parts stay as they are where they do not overlap. */
export function gather(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  return merge(document, ids, (first, others) => others.reduce((all, parts) => (shared(all, parts).length > 0 ? joined(all, parts) : [...all, ...parts]), first));
}

/** Leave the ground that all of them cover, as the first of them. */
export function intersect(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  return merge(document, ids, (first, others) => shared(first, ...others));
}

function merge(document: AnnotationDocument, ids: readonly string[], ground: (first: readonly Part[], others: readonly (readonly Part[])[]) => readonly Part[]): AnnotationDocument {
  const [first, ...others] = polygonsAmong(document, ids);
  if (!first || others.length === 0) return document;
  const parts = ground(first.shape.polygons, others.map(({ shape }) => shape.polygons));
  if (parts.length === 0) return document;
  return withGround(withoutAnnotations(document, others.map(({ id }) => id)), first, parts);
}

/** Take the ground of some objects out of others. Cutters stay; what is covered whole goes. */
export function subtract(document: AnnotationDocument, from: readonly string[], cutters: readonly string[]): AnnotationDocument {
  const ground = polygonsAmong(document, cutters).map(({ shape }) => shape.polygons);
  if (ground.length === 0) return document;
  return polygonsAmong(document, from).reduce((next, polygon) => {
    const left = subtracted(polygon.shape.polygons, ...ground);
    return same(left, polygon.shape.polygons) ? next : withGround(next, polygon, left);
  }, document);
}

/** The polygon with fewer vertices, none moved by more than the tolerance; the very same when all are needed. */
export function simplifiedPolygon(polygon: PolygonShape, tolerance: number): PolygonShape {
  const before = rings(polygon);
  const after = simplified(before, tolerance);
  if (after.every((ring, at) => ring === before[at])) return polygon;
  let at = 0;
  return { ...polygon, polygons: polygon.polygons.map((part) => part.map(() => after[at++] ?? [])) };
}

export function simplify(document: AnnotationDocument, ids: readonly string[], tolerance: number): AnnotationDocument {
  return polygonsAmong(document, ids).reduce((next, { id, shape }) => setShape(next, id, simplifiedPolygon(shape, tolerance)), document);
}

export function vertexCount(polygons: readonly PolygonAnnotation[]): number {
  return polygons.reduce((sum, { shape }) => sum + rings(shape).reduce((of, ring) => of + ring.length - 1, 0), 0);
}
