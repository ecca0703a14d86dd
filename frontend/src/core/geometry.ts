/** Plane geometry in pixel space that every shape needs. */
import type { Bounds, Point, Ring, Size } from "./types";

/** Hundredths of a pixel are finer than any hand; longer fractions only make documents longer. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

export function insideImage(at: Point, size: Size): Point {
  return [rounded(clamp(at[0], 0, size.width)), rounded(clamp(at[1], 0, size.height))];
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** Lines as the `d` of an SVG path; none is closed by itself. */
export function svgPath(lines: readonly (readonly Point[])[]): string {
  return lines.map((line) => `M${line.map(([x, y]) => `${x},${y}`).join("L")}`).join("");
}

export function boundsOf(points: Iterable<Point>): Bounds | null {
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    if (x < minX) minX = x;
    if (y < minY) minY = y;
    if (x > maxX) maxX = x;
    if (y > maxY) maxY = y;
  }
  return minX === Infinity ? null : [minX, minY, maxX, maxY];
}

/** Shorten a move so that the bounds stay inside the image. */
export function keptInside(bounds: Bounds, dx: number, dy: number, size: Size): Point {
  return [
    rounded(clamp(dx, Math.min(0, -bounds[0]), Math.max(0, size.width - bounds[2]))),
    rounded(clamp(dy, Math.min(0, -bounds[1]), Math.max(0, size.height - bounds[3]))),
  ];
}

/** Signed area of a closed ring (shoelace); positive when it turns clockwise on screen. */
export function ringArea(ring: Ring): number {
  let twice = 0;
  for (let i = 0; i + 1 < ring.length; i += 1) {
    const [a, b] = [ring[i], ring[i + 1]];
    if (a && b) twice += a[0] * b[1] - b[0] * a[1];
  }
  return twice / 2;
}

/** Even-odd test of a point against a closed ring. */
export function ringContains(ring: Ring, [x, y]: Point): boolean {
  let inside = false;
  for (let i = 0; i + 1 < ring.length; i += 1) {
    const [a, b] = [ring[i], ring[i + 1]];
    if (!a || !b || a[1] > y === b[1] > y) continue;
    if (x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) inside = !inside;
  }
  return inside;
}

/** The point of a segment that is nearest to `p`. */
export function nearestOnSegment(p: Point, a: Point, b: Point): Point {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length2 = dx * dx + dy * dy;
  if (length2 === 0) return a;
  const t = clamp(((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length2, 0, 1);
  return [a[0] + t * dx, a[1] + t * dy];
}

/** Distance from a point to a line of points. */
export function lineDistance(points: readonly Point[], p: Point): number {
  let best = Infinity;
  for (let i = 0; i + 1 < points.length; i += 1) {
    const [a, b] = [points[i], points[i + 1]];
    if (a && b) best = Math.min(best, distance(p, nearestOnSegment(p, a, b)));
  }
  return best;
}

/** Turn a point about a centre, clockwise on screen. */
export function turned([x, y]: Point, [cx, cy]: Point, degrees: number): Point {
  if (degrees === 0) return [x, y];
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [cx + (x - cx) * cos - (y - cy) * sin, cy + (x - cx) * sin + (y - cy) * cos];
}

/** Say whether two segments cross at a point inside both. */
export function segmentsCross(a: Point, b: Point, c: Point, d: Point): boolean {
  const side = (p: Point, q: Point, r: Point): number => Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]));
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}
