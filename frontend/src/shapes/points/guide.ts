/** Walk through a skeleton point by point. A guide is a value: every step makes the next one. */
import { templateBy, type Skeleton } from "../../core/skeleton";
import type { Point, Size } from "../../core/types";
import { absent, completed, isThere, pointAt, type Visibility } from "./actions";
import type { NamedPoint, PointsShape } from "./shape";

export class Guide {
  constructor(
    readonly skeleton: Skeleton,
    /** In the order of the skeleton; what was skipped is among them. */
    readonly placed: readonly NamedPoint[] = [],
  ) {}

  get begun(): boolean {
    return this.placed.length > 0;
  }

  /** The name that comes next; null when all have had their turn. */
  get next(): string | null {
    return this.skeleton.points[this.placed.length]?.name ?? null;
  }

  place(at: Point, v: Visibility, size: Size): Guide {
    return this.next === null ? this : new Guide(this.skeleton, [...this.placed, pointAt(this.next, at, v, size)]);
  }

  skip(): Guide {
    return this.next === null ? this : new Guide(this.skeleton, [...this.placed, absent(this.next)]);
  }

  back(): Guide {
    return new Guide(this.skeleton, this.placed.slice(0, -1));
  }

  /** Where the template expects the points that were not placed, judged by those that were. */
  expected(): ReadonlyMap<string, Point> {
    const there = this.placed.filter(isThere);
    const places = templateBy(this.skeleton, new Map(there.map(({ name, x, y }) => [name, [x, y]])));
    const had = new Set(this.placed.map(({ name }) => name));
    return new Map([...(places ?? [])].filter(([name]) => !had.has(name)));
  }

  /** Put all that is left where the template expects it. */
  filled(size: Size): Guide {
    const places = this.expected();
    const rest = this.skeleton.points.slice(this.placed.length).map(({ name }) => {
      const at = places.get(name);
      return at ? pointAt(name, at, 2, size) : absent(name);
    });
    return new Guide(this.skeleton, [...this.placed, ...rest]);
  }

  shape(): PointsShape | null {
    return completed(this.placed, this.skeleton);
  }
}
