/** Edit a polygon by its vertices. A handle's key is "part.ring.vertex". Rings that stay as they are stay the very same. */
import { boundsOf, insideImage, keptInside, rounded } from "../../core/geometry";
import type { Handle, ShapeEditor } from "../../core/kinds";
import { crossingsOf, crossingsOfEdge } from "../../core/path/crossings";
import { edgesOf } from "../../core/path/edges";
import type { Part, Point, Ring, Size } from "../../core/types";
import { rings } from "./geometry";
import type { PolygonShape } from "./shape";

interface Place {
  readonly part: number;
  readonly ring: number;
  readonly vertex: number;
}

function keyOf({ part, ring, vertex }: Place): string {
  return `${part}.${ring}.${vertex}`;
}

function placeOf(key: string): Place {
  const [part = -1, ring = -1, vertex = -1] = key.split(".").map(Number);
  return { part, ring, vertex };
}

function handleOf(place: Place, at: Point): Handle {
  return { key: keyOf(place), at, role: "vertex", cursor: "move" };
}

const known = new WeakMap<PolygonShape, readonly Handle[]>();

function handles(polygon: PolygonShape): readonly Handle[] {
  const found =
    known.get(polygon) ??
    polygon.polygons.flatMap((all, part) => all.flatMap((points, ring) => points.slice(0, -1).map((at, vertex) => handleOf({ part, ring, vertex }, at))));
  known.set(polygon, found);
  return found;
}

/** Every ring with its place. */
function eachRing<T>(polygon: PolygonShape, visit: (points: Ring, part: number, ring: number) => T | null): T[] {
  return polygon.polygons.flatMap((all, part) => all.flatMap((points, ring) => visit(points, part, ring) ?? []));
}

function nearest(polygon: PolygonShape, at: Point, reach: number): Handle | null {
  const hits = eachRing(polygon, (points, part, ring) => {
    const hit = edgesOf(points).nearestVertex(at, reach);
    return hit && { ...hit, part, ring };
  });
  const best = hits.sort((a, b) => a.away - b.away)[0];
  return best ? handleOf(best, best.at) : null;
}

/** Put an open list of vertices back as a closed ring. */
function closed(open: readonly Point[]): Ring {
  const first = open[0];
  return first ? [...open, first] : [];
}

/** The vertices named by keys, ring by ring. */
function byRing(keys: readonly string[]): ReadonlyMap<string, ReadonlySet<number>> {
  const found = new Map<string, Set<number>>();
  for (const key of keys) {
    const { part, ring, vertex } = placeOf(key);
    const name = `${part}.${ring}`;
    found.set(name, (found.get(name) ?? new Set<number>()).add(vertex));
  }
  return found;
}

function changeRings(polygon: PolygonShape, keys: readonly string[], change: (open: readonly Point[], vertices: ReadonlySet<number>) => readonly Point[]): PolygonShape {
  const wanted = byRing(keys);
  const changed = (part: Part, p: number): Part =>
    part.map((ring, r) => {
      const vertices = wanted.get(`${p}.${r}`);
      return vertices ? closed(change(ring.slice(0, -1), vertices)) : ring;
    });
  return { ...polygon, polygons: polygon.polygons.map(changed) };
}

function insert(polygon: PolygonShape, at: Point, reach: number): { readonly shape: PolygonShape; readonly key: string } | null {
  const hits = eachRing(polygon, (points, part, ring) => {
    const hit = edgesOf(points).nearest(at, reach);
    return hit && { ...hit, part, ring };
  });
  const best = hits.sort((a, b) => a.away - b.away)[0];
  if (!best) return null;
  const place = { part: best.part, ring: best.ring, vertex: best.edge + 1 };
  const here: Point = [rounded(best.at[0]), rounded(best.at[1])];
  const shape = changeRings(polygon, [keyOf(place)], (open) => [...open.slice(0, place.vertex), here, ...open.slice(place.vertex)]);
  return { shape, key: keyOf(place) };
}

/** Take vertices away. A hole or part that falls below three vertices goes; without any part the polygon is nothing. */
function remove(polygon: PolygonShape, keys: readonly string[]): PolygonShape | null {
  const thinned = changeRings(polygon, keys, (open, vertices) => open.filter((_, index) => !vertices.has(index)));
  const polygons = thinned.polygons
    .filter(([shell]) => shell !== undefined && shell.length > 3)
    .map((part) => (part.every((ring) => ring.length > 3) ? part : part.filter((ring) => ring.length > 3)));
  return polygons.length > 0 ? { ...polygon, polygons } : null;
}

function shift(polygon: PolygonShape, keys: readonly string[], [dx, dy]: Point, size: Size): PolygonShape {
  const wanted = new Set(keys);
  const around = boundsOf(handles(polygon).flatMap(({ key, at }) => (wanted.has(key) ? [at] : [])));
  if (!around) return polygon;
  const [stepX, stepY] = keptInside(around, dx, dy, size);
  return changeRings(polygon, keys, (open, vertices) => open.map(([x, y], index): Point => (vertices.has(index) ? [rounded(x + stepX), rounded(y + stepY)] : [x, y])));
}

const crossed = new WeakMap<PolygonShape, readonly Point[]>();

function crossings(polygon: PolygonShape, keys?: readonly string[]): readonly Point[] {
  const lines = rings(polygon);
  if (!keys) {
    const found = crossed.get(polygon) ?? crossingsOf(lines).map(({ at }) => at);
    crossed.set(polygon, found);
    return found;
  }
  const firstLine = polygon.polygons.map((_, part) => polygon.polygons.slice(0, part).reduce((sum, all) => sum + all.length, 0));
  return keys.flatMap((key) => {
    const { part, ring, vertex } = placeOf(key);
    const line = (firstLine[part] ?? 0) + ring;
    const before = vertex > 0 ? vertex - 1 : (lines[line]?.length ?? 0) - 2;
    return [before, vertex].flatMap((edge) => crossingsOfEdge(lines, line, edge)).map(({ at }) => at);
  });
}

export const polygonEditor: ShapeEditor<PolygonShape> = {
  handlesOnSelect: false,
  handles,
  nearest,
  drag: (polygon, key, to, size) => {
    const here = insideImage(to, size);
    return changeRings(polygon, [key], (open, vertices) => open.map((point, index) => (vertices.has(index) ? here : point)));
  },
  insert,
  remove,
  shift,
  crossings,
};
