/** Polygons joined, cut out of and cut with each other, with the dust that arithmetic leaves swept away. */
import { difference, intersection, union } from "polyclip-ts";
import { distance, ringArea, rounded } from "../../core/geometry";
import type { Part, Point, Ring } from "../../core/types";

type Loose = [number, number][][][];

/** What is smaller or thinner than this was not drawn by anybody. */
const SMALLEST_AREA_PX = 0.05;
const THINNEST_PX = 0.02;

function loose(parts: readonly Part[]): Loose {
  return parts.map((part) => part.map((ring) => ring.map(([x, y]): [number, number] => [x, y])));
}

/** A closed ring on hundredths of a pixel without repeated points; empty when nothing is left of it. */
export function tidyRing(points: readonly Point[]): Ring {
  const tidy: Point[] = [];
  for (const [x, y] of points) {
    const point: Point = [rounded(x), rounded(y)];
    const last = tidy.at(-1);
    if (!last || last[0] !== point[0] || last[1] !== point[1]) tidy.push(point);
  }
  const [first, last] = [tidy[0], tidy.at(-1)];
  if (first && last && (first[0] !== last[0] || first[1] !== last[1])) tidy.push(first);
  return isSliver(tidy) ? [] : tidy;
}

function isSliver(ring: Ring): boolean {
  const area = Math.abs(ringArea(ring));
  const around = ring.reduce((sum, point, at) => sum + (at > 0 ? distance(ring[at - 1] ?? point, point) : 0), 0);
  return ring.length < 4 || area < SMALLEST_AREA_PX || (2 * area) / around < THINNEST_PX;
}

export function tidyParts(parts: readonly Part[]): Part[] {
  return parts.map((part) => part.map(tidyRing)).filter(([shell]) => shell !== undefined && shell.length > 0).map((part) => part.filter((ring) => ring.length > 0));
}

/** The ground that any of them covers. */
export function joined(first: readonly Part[], ...others: readonly (readonly Part[])[]): Part[] {
  return tidyParts(union(loose(first), ...others.map(loose)));
}

/** The ground of the first that none of the others covers. */
export function subtracted(from: readonly Part[], ...others: readonly (readonly Part[])[]): Part[] {
  return others.length === 0 ? [...from] : tidyParts(difference(loose(from), ...others.map(loose)));
}

/** The ground that all of them cover. */
export function shared(first: readonly Part[], ...others: readonly (readonly Part[])[]): Part[] {
  return tidyParts(intersection(loose(first), ...others.map(loose)));
}
