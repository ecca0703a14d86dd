/**
 * Find the edges of a long line without looking at all of them. Neighbours along a line lie beside each other in the plane,
 * so boxes around runs of edges are an index that is made in one pass: cheap enough to make anew in every frame of a drag.
 */
import { distance, nearestOnSegment } from "../geometry";
import type { Bounds, Point } from "../types";

export interface EdgeHit {
  /** The edge from point `edge` to the next one. */
  readonly edge: number;
  readonly at: Point;
  readonly away: number;
}

export interface VertexHit {
  readonly vertex: number;
  readonly at: Point;
  readonly away: number;
}

export class EdgeIndex {
  private readonly run: number;
  /** Left, top, right, bottom of each run of edges. */
  private readonly boxes: Float64Array;

  constructor(readonly points: readonly Point[]) {
    const edges = Math.max(0, points.length - 1);
    this.run = Math.max(8, Math.ceil(Math.sqrt(edges) / 2));
    this.boxes = new Float64Array(Math.ceil(edges / this.run) * 4);
    for (let run = 0; run * 4 < this.boxes.length; run += 1) this.measure(run, edges);
  }

  private measure(run: number, edges: number): void {
    let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let index = run * this.run; index <= Math.min((run + 1) * this.run, edges); index += 1) {
      const [x, y] = this.points[index] ?? [0, 0];
      if (x < minX) minX = x;
      if (x > maxX) maxX = x;
      if (y < minY) minY = y;
      if (y > maxY) maxY = y;
    }
    this.boxes.set([minX, minY, maxX, maxY], run * 4);
  }

  /** The nearest place on the line, if it is within reach. */
  nearest(at: Point, reach: number): EdgeHit | null {
    let best: EdgeHit | null = null;
    let within = reach;
    this.visit([at[0] - reach, at[1] - reach, at[0] + reach, at[1] + reach], (edge, a, b) => {
      const place = nearestOnSegment(at, a, b);
      const away = distance(at, place);
      if (away < within || (best === null && away <= within)) [best, within] = [{ edge, at: place, away }, away];
    });
    return best;
  }

  /** The nearest point of the line, if it is within reach. The last point of a ring, which repeats its first, is never it. */
  nearestVertex(at: Point, reach: number): VertexHit | null {
    let best: VertexHit | null = null;
    let within = reach;
    const consider = (vertex: number, point: Point): void => {
      const away = distance(at, point);
      if (away < within || (best === null && away <= within)) [best, within] = [{ vertex, at: point, away }, away];
    };
    this.visit([at[0] - reach, at[1] - reach, at[0] + reach, at[1] + reach], (edge, a, b) => {
      consider(edge, a);
      if (edge === this.points.length - 2 && !this.isClosed()) consider(edge + 1, b);
    });
    return best;
  }

  isClosed(): boolean {
    const [first, last] = [this.points[0], this.points.at(-1)];
    return first !== undefined && last !== undefined && this.points.length > 3 && first[0] === last[0] && first[1] === last[1];
  }

  /** Call back for every edge whose own box meets these bounds. */
  visit([minX, minY, maxX, maxY]: Bounds, callback: (edge: number, a: Point, b: Point) => void): void {
    const { boxes, points } = this;
    for (let run = 0; run * 4 < boxes.length; run += 1) {
      const box = run * 4;
      if ((boxes[box] ?? 0) > maxX || (boxes[box + 1] ?? 0) > maxY || (boxes[box + 2] ?? 0) < minX || (boxes[box + 3] ?? 0) < minY) continue;
      const end = Math.min((run + 1) * this.run, points.length - 1);
      for (let edge = run * this.run; edge < end; edge += 1) {
        const [a, b] = [points[edge], points[edge + 1]];
        if (!a || !b) continue;
        if (Math.min(a[0], b[0]) > maxX || Math.max(a[0], b[0]) < minX || Math.min(a[1], b[1]) > maxY || Math.max(a[1], b[1]) < minY) continue;
        callback(edge, a, b);
      }
    }
  }
}

const known = new WeakMap<readonly Point[], EdgeIndex>();

/** The index of a line. Lines are immutable, so it is good for as long as its line lives. */
export function edgesOf(points: readonly Point[]): EdgeIndex {
  const found = known.get(points) ?? new EdgeIndex(points);
  known.set(points, found);
  return found;
}
