/** A line of points. A handle's key is the point's number. */
import { boundsOf, distance, insideImage, keptInside, rounded } from "../../core/geometry";
import type { Handle, ShapeEditor } from "../../core/kinds";
import { edgesOf } from "../../core/path/edges";
import type { Bounds, Point, Size } from "../../core/types";
import type { PolylineShape } from "./shape";

export type End = "first" | "last";

export function bounds(line: PolylineShape): Bounds | null {
  return boundsOf(line.points);
}

export function lengthOf(points: readonly Point[]): number {
  return points.reduce((sum, point, at) => sum + distance(points[at - 1] ?? point, point), 0);
}

export function move(line: PolylineShape, dx: number, dy: number, size: Size): PolylineShape {
  return shift(line, line.points.map((_, at) => String(at)), [dx, dy], size);
}

function shift(line: PolylineShape, keys: readonly string[], [dx, dy]: Point, size: Size): PolylineShape {
  const wanted = new Set(keys);
  const around = boundsOf(line.points.filter((_, at) => wanted.has(String(at))));
  if (!around) return line;
  const [stepX, stepY] = keptInside(around, dx, dy, size);
  return { ...line, points: line.points.map(([x, y], at): Point => (wanted.has(String(at)) ? [rounded(x + stepX), rounded(y + stepY)] : [x, y])) };
}

function handleOf(at: Point, vertex: number): Handle {
  return { key: String(vertex), at, role: "vertex", cursor: "move" };
}

const known = new WeakMap<PolylineShape, readonly Handle[]>();

function handles(line: PolylineShape): readonly Handle[] {
  const found = known.get(line) ?? line.points.map(handleOf);
  known.set(line, found);
  return found;
}

function nearest(line: PolylineShape, at: Point, reach: number): Handle | null {
  const hit = edgesOf(line.points).nearestVertex(at, reach);
  return hit && handleOf(hit.at, hit.vertex);
}

function insert(line: PolylineShape, at: Point, reach: number): { readonly shape: PolylineShape; readonly key: string } | null {
  const hit = edgesOf(line.points).nearest(at, reach);
  if (!hit) return null;
  const here: Point = [rounded(hit.at[0]), rounded(hit.at[1])];
  return { shape: { ...line, points: [...line.points.slice(0, hit.edge + 1), here, ...line.points.slice(hit.edge + 1)] }, key: String(hit.edge + 1) };
}

/** Take points away; the line joins what lay on both sides. */
function remove(line: PolylineShape, keys: readonly string[]): PolylineShape | null {
  const gone = new Set(keys);
  const points = line.points.filter((_, at) => !gone.has(String(at)));
  return points.length < 2 ? null : { ...line, points };
}

export const polylineEditor: ShapeEditor<PolylineShape> = {
  handlesOnSelect: false,
  handles,
  nearest,
  drag: (line, key, to, size) => ({ ...line, points: line.points.map((point, at) => (String(at) === key ? insideImage(to, size) : point)) }),
  insert,
  remove,
  shift,
};

/** Add points at an end, in the order in which they were drawn from it. */
export function extended(line: PolylineShape, end: End, added: readonly Point[]): PolylineShape {
  return { ...line, points: end === "last" ? [...line.points, ...added] : [...[...added].reverse(), ...line.points] };
}

/** Cut at an inner point, which both have then; null at an end. */
export function cutAt(line: PolylineShape, at: number): readonly [PolylineShape, PolylineShape] | null {
  if (!(at > 0 && at < line.points.length - 1)) return null;
  return [{ ...line, points: line.points.slice(0, at + 1) }, { ...line, points: line.points.slice(at) }];
}

/** Join two lines at those of their ends that are nearest to each other; ends at one place become one point. */
export function joinedLines(a: PolylineShape, b: PolylineShape): PolylineShape {
  const turned = (line: PolylineShape): readonly Point[] => [...line.points].reverse();
  const ways = [a.points, turned(a)].flatMap((before) => [b.points, turned(b)].map((after) => ({ before, after, gap: gapOf(before, after) })));
  const [best] = ways.sort((one, other) => one.gap - other.gap);
  if (!best) return a;
  return { ...a, points: [...best.before, ...(best.gap === 0 ? best.after.slice(1) : best.after)] };
}

function gapOf(before: readonly Point[], after: readonly Point[]): number {
  const [end, start] = [before.at(-1), after[0]];
  return end && start ? distance(end, start) : Infinity;
}
