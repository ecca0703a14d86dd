/** Edit a polygon by its vertices. A handle's key is "part.ring.vertex". */
import { distance, insideImage, nearestOnSegment } from "../../core/geometry";
import type { Handle, ShapeEditor } from "../../core/kinds";
import type { Point, Ring } from "../../core/types";
import type { PolygonShape } from "./shape";
import { mapRings } from "./geometry";

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

function handles(polygon: PolygonShape): readonly Handle[] {
  return polygon.polygons.flatMap((rings, part) =>
    rings.flatMap((points, ring) => points.slice(0, -1).map((at, vertex): Handle => ({ key: keyOf({ part, ring, vertex }), at, role: "vertex", cursor: "move" }))),
  );
}

/** Put an open list of vertices back as a closed ring. */
function closed(open: readonly Point[]): Ring {
  const first = open[0];
  return first ? [...open, first] : [];
}

function changeRing(polygon: PolygonShape, place: Place, change: (open: readonly Point[]) => readonly Point[]): PolygonShape {
  return mapRings(polygon, (ring, p, r) => (p === place.part && r === place.ring ? closed(change(ring.slice(0, -1))) : ring));
}

interface EdgeHit {
  readonly place: Place;
  readonly at: Point;
  readonly away: number;
}

function nearestEdge(polygon: PolygonShape, at: Point): EdgeHit | null {
  let best: EdgeHit | null = null;
  polygon.polygons.forEach((rings, part) => {
    rings.forEach((points, ring) => {
      for (let vertex = 0; vertex + 1 < points.length; vertex += 1) {
        const [a, b] = [points[vertex], points[vertex + 1]];
        if (!a || !b) continue;
        const near = nearestOnSegment(at, a, b);
        const away = distance(at, near);
        if (!best || away < best.away) best = { place: { part, ring, vertex: vertex + 1 }, at: near, away };
      }
    });
  });
  return best;
}

function insert(polygon: PolygonShape, at: Point, reach: number): { readonly shape: PolygonShape; readonly key: string } | null {
  const hit = nearestEdge(polygon, at);
  if (!hit || hit.away > reach) return null;
  const { place } = hit;
  const shape = changeRing(polygon, place, (open) => [...open.slice(0, place.vertex), hit.at, ...open.slice(place.vertex)]);
  return { shape, key: keyOf(place) };
}

/** Take a vertex away. A hole or part that falls below three vertices goes; the last part cannot. */
function remove(polygon: PolygonShape, key: string): PolygonShape | null {
  const place = placeOf(key);
  const ring = polygon.polygons[place.part]?.[place.ring];
  if (!ring?.[place.vertex]) return polygon;
  if (ring.length - 1 > 3) return changeRing(polygon, place, (open) => open.filter((_, index) => index !== place.vertex));
  const polygons = polygon.polygons
    .map((part, p) => (p === place.part ? part.filter((_, r) => place.ring !== 0 && r !== place.ring) : part))
    .filter((part) => part.length > 0);
  return polygons.length > 0 ? { ...polygon, polygons } : null;
}

export const polygonEditor: ShapeEditor<PolygonShape> = {
  handlesOnSelect: false,
  handles,
  drag: (polygon, key, to, size) => {
    const place = placeOf(key);
    return changeRing(polygon, place, (open) => open.map((point, index) => (index === place.vertex ? insideImage(to, size) : point)));
  },
  insert,
  remove,
};
