/** A way from corner to corner, put where the edge is between them. */
import type { Point } from "../types";
import { DIRECTIONS, FAINTEST, type Gradients } from "./gradients";

/** Farther than to half a pixel a corner belongs to another place of the edge. */
const MOST = 0.5;

function strengthAt({ across, down, strength }: Gradients, x: number, y: number): number {
  const [left, top] = [Math.min(Math.max(0, Math.floor(x)), across - 2), Math.min(Math.max(0, Math.floor(y)), down - 2)];
  const [u, v] = [x - left, y - top];
  const at = top * across + left;
  const [a, b, c, d] = [strength[at] ?? 0, strength[at + 1] ?? 0, strength[at + across] ?? 0, strength[at + across + 1] ?? 0];
  return (a * (1 - u) + b * u) * (1 - v) + (c * (1 - u) + d * u) * v;
}

/** Move a corner across its edge to where the change is steepest: the top of a parabola through three places. */
export function steepest(gradients: Gradients, [x, y]: Point): Point {
  const { across, down, strength, direction } = gradients;
  const at = y * across + x;
  const here = strength[at] ?? 0;
  if (here < FAINTEST || x <= 0 || y <= 0 || x >= across - 1 || y >= down - 1) return [x, y];
  const angle = ((direction[at] ?? 0) * 2 * Math.PI) / DIRECTIONS;
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  const [back, on] = [strengthAt(gradients, x - dx, y - dy), strengthAt(gradients, x + dx, y + dy)];
  const bend = back - 2 * here + on;
  if (bend >= 0) return [x, y];
  const by = Math.min(MOST, Math.max(-MOST, (back - on) / (2 * bend)));
  return [x + by * dx, y + by * dy];
}

/** Put every corner of a way, but not its ends, on the edge that it follows. */
export function refined(gradients: Gradients, way: readonly Point[]): Point[] {
  return way.map((corner, index) => (index === 0 || index === way.length - 1 ? corner : steepest(gradients, corner)));
}
