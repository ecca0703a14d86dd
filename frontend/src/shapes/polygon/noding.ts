/** Give a line and the rings it crosses the points where they meet, so that both have them in common to the last digit. */
import { meeting } from "../../core/path/crossings";
import { edgesOf } from "../../core/path/edges";
import { distance, nearestOnSegment, rounded, segmentsCross } from "../../core/geometry";
import type { Bounds, Point, Ring } from "../../core/types";

/** What is nearer than this is the same place: documents keep hundredths of a pixel. */
const SAME_PX = 0.011;

/** Points to be put into an edge, by the edge's number. */
type Insertions = Map<number, Point[]>;

export interface Noded {
  readonly line: readonly Point[];
  readonly rings: readonly Ring[];
}

function note(insertions: Insertions, edge: number, point: Point): void {
  insertions.set(edge, [...(insertions.get(edge) ?? []), point]);
}

function same(a: Point, b: Point): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

function withInsertions(points: readonly Point[], insertions: Insertions): Point[] {
  const result: Point[] = [];
  points.forEach((point, at) => {
    const inside = [...(insertions.get(at) ?? [])].sort((a, b) => distance(point, a) - distance(point, b));
    for (const next of [point, ...inside]) if (result.length === 0 || !same(result.at(-1) ?? next, next)) result.push(next);
  });
  return result;
}

function boundsAround(a: Point, b: Point): Bounds {
  return [Math.min(a[0], b[0]) - SAME_PX, Math.min(a[1], b[1]) - SAME_PX, Math.max(a[0], b[0]) + SAME_PX, Math.max(a[1], b[1]) + SAME_PX];
}

/** Put the vertices of the line that lie on a ring's vertex exactly there. */
function aligned(line: readonly Point[], rings: readonly Ring[]): Point[] {
  return line.map((point) => {
    const hits = rings.flatMap((ring) => edgesOf(ring).nearestVertex(point, SAME_PX) ?? []);
    return hits.sort((a, b) => a.away - b.away)[0]?.at ?? point;
  });
}

function isOn(point: Point, a: Point, b: Point): boolean {
  return distance(point, a) > SAME_PX && distance(point, b) > SAME_PX && distance(point, nearestOnSegment(point, a, b)) <= SAME_PX;
}

/** Note where one edge of the line meets one edge of a ring. */
function meet([a, b]: readonly [Point, Point], [c, d]: readonly [Point, Point], intoLine: (at: Point) => void, intoRing: (at: Point) => void): void {
  let touched = false;
  for (const end of [a, b]) {
    if (isOn(end, c, d)) intoRing(end);
    touched ||= isOn(end, c, d) || same(end, c) || same(end, d);
  }
  for (const corner of [c, d]) {
    if (isOn(corner, a, b)) intoLine(corner);
    touched ||= isOn(corner, a, b);
  }
  const at = !touched && segmentsCross(a, b, c, d) ? meeting(a, b, c, d) : null;
  if (!at) return;
  const place: Point = [rounded(at[0]), rounded(at[1])];
  intoLine(place);
  intoRing(place);
}

function meetItself(line: readonly Point[], insertions: Insertions): void {
  for (let i = 0; i + 1 < line.length; i += 1) {
    for (let j = i + 2; j + 1 < line.length; j += 1) {
      const [a, b, c, d] = [line[i], line[i + 1], line[j], line[j + 1]];
      if (a && b && c && d) meet([a, b], [c, d], (at) => note(insertions, i, at), (at) => note(insertions, j, at));
    }
  }
}

export function noded(drawn: readonly Point[], rings: readonly Ring[]): Noded {
  const line = aligned(drawn, rings).filter((point, at, all) => at === 0 || !same(point, all[at - 1] ?? point));
  const ofLine: Insertions = new Map();
  const ofRings: Insertions[] = rings.map(() => new Map());
  meetItself(line, ofLine);
  for (let edge = 0; edge + 1 < line.length; edge += 1) {
    const [a, b] = [line[edge], line[edge + 1]];
    if (!a || !b) continue;
    rings.forEach((ring, which) => {
      const into = ofRings[which] ?? new Map<number, Point[]>();
      edgesOf(ring).visit(boundsAround(a, b), (ringEdge, c, d) => meet([a, b], [c, d], (at) => note(ofLine, edge, at), (at) => note(into, ringEdge, at)));
    });
  }
  return { line: withInsertions(line, ofLine), rings: rings.map((ring, which) => withInsertions(ring, ofRings[which] ?? new Map())) };
}
