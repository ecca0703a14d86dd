/** Fewer points for the same line: Douglas and Peucker, "Algorithms for the reduction of the number of points", Cartographica 10 (1973). */
import { distance, nearestOnSegment } from "../geometry";
import type { Point } from "../types";
import { crossingsOf } from "./crossings";

/** A crossing is taken out by bringing points back; each pass brings back some, and the original has none. */
const MOST_PASSES = 60;

function awayFrom(points: readonly Point[], at: number, from: number, to: number): number {
  const [p, a, b] = [points[at], points[from], points[to]];
  return p && a && b ? distance(p, nearestOnSegment(p, a, b)) : 0;
}

/** The point between two others that is farthest from their segment; null when there is none between. */
function farthest(points: readonly Point[], from: number, to: number): { readonly at: number; readonly away: number } | null {
  let best: { at: number; away: number } | null = null;
  for (let at = from + 1; at < to; at += 1) {
    const away = awayFrom(points, at, from, to);
    if (!best || away > best.away) best = { at, away };
  }
  return best;
}

function keepBetween(points: readonly Point[], first: number, last: number, tolerance: number, keep: Set<number>): void {
  const stack: [number, number][] = [[first, last]];
  for (let range = stack.pop(); range; range = stack.pop()) {
    const [from, to] = range;
    const middle = farthest(points, from, to);
    if (!middle || middle.away <= tolerance) continue;
    keep.add(middle.at);
    stack.push([from, middle.at], [middle.at, to]);
  }
}

function isRing(points: readonly Point[]): boolean {
  const [first, last] = [points[0], points.at(-1)];
  return points.length > 3 && first !== undefined && last !== undefined && first[0] === last[0] && first[1] === last[1];
}

/** Indices of the points to keep. A ring keeps at least three different ones. */
function keptOf(points: readonly Point[], tolerance: number): Set<number> {
  const last = points.length - 1;
  const keep = new Set([0, last]);
  if (!isRing(points)) {
    keepBetween(points, 0, last, tolerance, keep);
    return keep;
  }
  const opposite = farthest(points, 0, last)?.at ?? 1;
  keep.add(opposite);
  keepBetween(points, 0, opposite, tolerance, keep);
  keepBetween(points, opposite, last, tolerance, keep);
  const sides = [farthest(points, 0, opposite), farthest(points, opposite, last)].flatMap((side) => side ?? []);
  const third = sides.sort((a, b) => b.away - a.away)[0];
  if (keep.size < 4 && third) keep.add(third.at);
  return keep;
}

/** Bring points back until no edge crosses another. */
function untangled(lines: readonly (readonly Point[])[], kept: Set<number>[]): boolean {
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const orders = kept.map((keep) => [...keep].sort((a, b) => a - b));
    const crossings = crossingsOf(picked(lines, orders), 200);
    if (crossings.length === 0) return true;
    for (const { line, edge, otherLine, otherEdge } of crossings) {
      for (const [where, which] of [[line, edge], [otherLine, otherEdge]] as const) {
        const [points, order] = [lines[where] ?? [], orders[where] ?? []];
        const middle = farthest(points, order[which] ?? 0, order[which + 1] ?? 0);
        if (middle) kept[where]?.add(middle.at);
      }
    }
  }
  return false;
}

function picked(lines: readonly (readonly Point[])[], orders: readonly (readonly number[])[]): Point[][] {
  return lines.map((points, line) => (orders[line] ?? []).flatMap((at) => [points[at]].filter((point) => point !== undefined)));
}

/**
 * Drop points whose loss moves no line by more than the tolerance in pixels. Lines that crossed nothing cross nothing
 * afterwards: where they would, points stay. Lines of which all points are needed come back as they were.
 */
export function simplified(lines: readonly (readonly Point[])[], tolerance: number): readonly (readonly Point[])[] {
  const kept = lines.map((points) => keptOf(points, tolerance));
  if (crossingsOf(lines, 1).length === 0 && !untangled(lines, kept)) return lines;
  return lines.map((points, line) => (kept[line]?.size === points.length ? points : (picked([points], [[...(kept[line] ?? [])].sort((a, b) => a - b)])[0] ?? points)));
}
