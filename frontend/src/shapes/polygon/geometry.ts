/** Polygons with parts and holes, as GeoJSON nests them; rings are closed. */
import { boundsOf, keptInside, lineDistance, ringArea, ringContains, rounded, segmentsCross } from "../../core/geometry";
import type { Outline } from "../../core/kinds";
import type { Bounds, Part, Point, Ring, Size } from "../../core/types";
import type { PolygonShape } from "./shape";

/** Make a polygon of one open list of corners. */
export function polygonOf(corners: readonly Point[]): PolygonShape {
  const first = corners[0];
  return { type: "polygon", polygons: first ? [[[...corners, first]]] : [] };
}

export function rings(polygon: PolygonShape): Ring[] {
  return polygon.polygons.flat();
}

function shells(polygon: PolygonShape): Ring[] {
  return polygon.polygons.flatMap((part) => part.slice(0, 1));
}

export function bounds(polygon: PolygonShape): Bounds | null {
  return boundsOf(shells(polygon).flat());
}

function partArea([shell, ...holes]: Part): number {
  const whole = shell ? Math.abs(ringArea(shell)) : 0;
  return holes.reduce((rest, hole) => rest - Math.abs(ringArea(hole)), whole);
}

export function area(polygon: PolygonShape): number {
  return polygon.polygons.reduce((sum, part) => sum + partArea(part), 0);
}

function partContains([shell, ...holes]: Part, at: Point): boolean {
  return shell !== undefined && ringContains(shell, at) && !holes.some((hole) => ringContains(hole, at));
}

export function contains(polygon: PolygonShape, at: Point, reach: number): boolean {
  if (polygon.polygons.some((part) => partContains(part, at))) return true;
  return reach > 0 && rings(polygon).some((ring) => lineDistance(ring, at) <= reach);
}

export function mapRings(polygon: PolygonShape, change: (ring: Ring, part: number, index: number) => Ring): PolygonShape {
  return { ...polygon, polygons: polygon.polygons.map((part, p) => part.map((ring, r) => change(ring, p, r))) };
}

export function move(polygon: PolygonShape, dx: number, dy: number, size: Size): PolygonShape {
  const around = bounds(polygon);
  if (!around) return polygon;
  const [stepX, stepY] = keptInside(around, dx, dy, size);
  return mapRings(polygon, (ring) => ring.map(([x, y]): Point => [rounded(x + stepX), rounded(y + stepY)]));
}

export function outline(polygon: PolygonShape): Outline {
  return { lines: rings(polygon), dots: [] };
}

/** Say whether an open line of corners, once closed, crosses itself. Quadratic: meant for what a hand draws. */
export function crossesItself(corners: readonly Point[]): boolean {
  const count = corners.length;
  for (let i = 0; i < count; i += 1) {
    for (let j = i + 2; j < count; j += 1) {
      if (i === 0 && j === count - 1) continue;
      const [a, b, c, d] = [corners[i], corners[i + 1], corners[j], corners[(j + 1) % count]];
      if (a && b && c && d && segmentsCross(a, b, c, d)) return true;
    }
  }
  return false;
}
