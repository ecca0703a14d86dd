/** What can be done to an object of named points. With a skeleton a point that goes is "not there" (v 0) and can come back. */
import { insideImage } from "../../core/geometry";
import { opposite, type Skeleton } from "../../core/skeleton";
import type { Point, Size } from "../../core/types";
import type { NamedPoint, PointsShape } from "./shape";

export type Visibility = 0 | 1 | 2;

/** A point that is not there has no place; COCO writes it as 0, 0, 0 too. */
export function absent(name: string): NamedPoint {
  return { name, x: 0, y: 0, v: 0 };
}

export function pointAt(name: string, at: Point, v: Visibility, size: Size): NamedPoint {
  const [x, y] = insideImage(at, size);
  return { name, x, y, v };
}

export function isThere(point: NamedPoint): boolean {
  return point.v > 0;
}

/** Points in the order of the skeleton; names that it does not have go last, as they were. */
export function inOrder(points: readonly NamedPoint[], skeleton: Skeleton): NamedPoint[] {
  const place = new Map(skeleton.points.map(({ name }, at) => [name, at]));
  return [...points].sort((a, b) => (place.get(a.name) ?? place.size) - (place.get(b.name) ?? place.size));
}

/** The whole object: what was placed, and the rest of the skeleton as not there. Null when nothing was placed. */
export function completed(placed: readonly NamedPoint[], skeleton: Skeleton): PointsShape | null {
  if (!placed.some(isThere)) return null;
  const names = new Set(placed.map(({ name }) => name));
  const rest = skeleton.points.filter(({ name }) => !names.has(name)).map(({ name }) => absent(name));
  return { type: "points", points: inOrder([...placed, ...rest], skeleton) };
}

/** The points whose names the skeleton has, each once, and the rest of it as not there; null when none of them is in the image. */
export function fitted({ points }: PointsShape, skeleton: Skeleton): PointsShape | null {
  const found = skeleton.points.flatMap(({ name }) => points.find((point) => point.name === name && isThere(point)) ?? []);
  return completed(found, skeleton);
}

function changeAt(shape: PointsShape, index: number, change: (point: NamedPoint) => NamedPoint): PointsShape {
  const before = shape.points[index];
  const after = before && change(before);
  if (!after || after === before) return shape;
  return { ...shape, points: shape.points.map((point, at) => (at === index ? after : point)) };
}

export function placedAt(shape: PointsShape, index: number, to: Point, size: Size): PointsShape {
  return changeAt(shape, index, (point) => ({ ...point, ...pointAt(point.name, to, point.v === 1 ? 1 : 2, size) }));
}

/** Visible becomes hidden, hidden becomes visible; what is not there stays so. */
export function visibilityToggled(shape: PointsShape, index: number): PointsShape {
  return changeAt(shape, index, (point) => (isThere(point) ? { ...point, v: point.v === 2 ? 1 : 2 } : point));
}

export function renamed(shape: PointsShape, index: number, name: string): PointsShape {
  return changeAt(shape, index, (point) => (point.name === name ? point : { ...point, name }));
}

/** Take a point away: out of the list, or, where a skeleton names it, as not there. Null when nothing would be left. */
export function withoutPoint(shape: PointsShape, index: number, skeleton: Skeleton | null): PointsShape | null {
  const point = shape.points[index];
  if (!point) return shape;
  const named = skeleton?.points.some(({ name }) => name === point.name) ?? false;
  const points = named ? shape.points.map((other, at) => (at === index ? absent(other.name) : other)) : shape.points.filter((_, at) => at !== index);
  return points.some(isThere) ? { ...shape, points } : null;
}

/** Names of the skeleton that the object does not show, in their order. */
export function missingNames(shape: PointsShape, skeleton: Skeleton): string[] {
  const there = new Set(shape.points.filter(isThere).map(({ name }) => name));
  return skeleton.points.map(({ name }) => name).filter((name) => !there.has(name));
}

/** Put a point of the skeleton where it was missing. */
export function withPoint(shape: PointsShape, name: string, at: Point, v: Visibility, size: Size, skeleton: Skeleton | null): PointsShape {
  const made = pointAt(name, at, v, size);
  const index = skeleton ? shape.points.findIndex((point) => point.name === name) : -1;
  const points = index === -1 ? [...shape.points, made] : shape.points.map((point, place) => (place === index ? made : point));
  return { ...shape, points: skeleton ? inOrder(points, skeleton) : points };
}

/** What was left becomes right and the other way round: for objects that were labeled as in a mirror. Twice is nothing. */
export function mirrored(shape: PointsShape, skeleton: Skeleton): PointsShape {
  return { ...shape, points: shape.points.map((point) => ({ ...point, name: opposite(skeleton, point.name) })) };
}
