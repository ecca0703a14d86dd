/** A line as a way to go along: places by the length from its first point, and the points passed from one place to another. */
import { distance } from "../geometry";
import type { Point } from "../types";
import { edgesOf, type EdgeHit } from "./edges";

export type Direction = 1 | -1;

export class Track {
  readonly closed: boolean;
  readonly length: number;
  /** Length from the first point to each point. */
  private readonly upTo: Float64Array;

  constructor(readonly points: readonly Point[]) {
    this.closed = edgesOf(points).isClosed();
    this.upTo = new Float64Array(Math.max(1, points.length));
    for (let at = 1; at < points.length; at += 1) this.upTo[at] = (this.upTo[at - 1] ?? 0) + distance(points[at - 1] ?? [0, 0], points[at] ?? [0, 0]);
    this.length = this.upTo.at(-1) ?? 0;
  }

  /** How far along a place on an edge is. */
  along({ edge, at }: EdgeHit): number {
    return (this.upTo[edge] ?? 0) + distance(this.points[edge] ?? at, at);
  }

  /** The shorter step from one place to another, with its sign; round the end of a ring where that is shorter. */
  step(from: number, to: number): number {
    const step = to - from;
    if (!this.closed) return step;
    const turn = ((step % this.length) + this.length) % this.length;
    return turn > this.length / 2 ? turn - this.length : turn;
  }

  /** The points strictly between two places, in the order in which they are passed. On an open line the direction is given by the places. */
  between(from: number, to: number, direction: Direction): Point[] {
    const count = this.closed ? this.points.length - 1 : this.points.length;
    const way = (at: number): number => {
      const step = ((this.upTo[at] ?? 0) - from) * direction;
      return this.closed ? ((step % this.length) + this.length) % this.length : step;
    };
    const whole = this.closed ? (((to - from) * direction) % this.length + this.length) % this.length : Math.abs(to - from);
    const passed: { point: Point; way: number }[] = [];
    for (let at = 0; at < count; at += 1) {
      const [point, far] = [this.points[at], way(at)];
      if (point && far > HAIR && far < whole - HAIR) passed.push({ point, way: far });
    }
    return passed.sort((a, b) => a.way - b.way).map(({ point }) => point);
  }
}

/** Places nearer to each other than this are one, in pixels: documents keep hundredths. */
const HAIR = 0.005;
