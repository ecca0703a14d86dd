/** Skeletons: the named points that objects of a label have, how they hang together, and which change places in a mirror. */
import type { Point } from "./types";

export interface SkeletonPoint {
  readonly name: string;
  /** Place in the template, 0 to 1 from its top left corner. */
  readonly x: number;
  readonly y: number;
}

export type NamePair = readonly [string, string];

export interface Skeleton {
  readonly points: readonly SkeletonPoint[];
  readonly edges: readonly NamePair[];
  /** Left and right. */
  readonly flip: readonly NamePair[];
  readonly sigmas?: Readonly<Record<string, number>>;
}

/** As it comes over the wire. */
export interface SkeletonDocument {
  readonly points?: readonly SkeletonPoint[];
  readonly edges?: readonly (readonly string[])[];
  readonly flip?: readonly (readonly string[])[];
  readonly sigmas?: Readonly<Record<string, number>>;
}

/** By label id; labels without a skeleton are absent. */
export type Skeletons = ReadonlyMap<number, Skeleton>;

export const NO_SKELETONS: Skeletons = new Map();

const known = new WeakMap<SkeletonDocument, Skeleton | null>();

function pairs(values: readonly (readonly string[])[] | undefined): NamePair[] {
  return (values ?? []).flatMap(([a, b]): NamePair[] => (a !== undefined && b !== undefined ? [[a, b]] : []));
}

/** The same skeleton for the same document; null where a label has none. */
export function readSkeleton(document: SkeletonDocument | null | undefined): Skeleton | null {
  if (!document?.points || document.points.length === 0) return null;
  const found = known.get(document);
  if (found !== undefined) return found;
  const sigmas = document.sigmas ? { sigmas: document.sigmas } : {};
  const skeleton: Skeleton = { points: document.points, edges: pairs(document.edges), flip: pairs(document.flip), ...sigmas };
  known.set(document, skeleton);
  return skeleton;
}

export function skeletonsOf(labels: readonly { readonly id: number; readonly skeleton?: SkeletonDocument | null }[]): Skeletons {
  return new Map(
    labels.flatMap(({ id, skeleton }) => {
      const read = readSkeleton(skeleton);
      return read ? [[id, read] as const] : [];
    }),
  );
}

export type Side = "left" | "right" | "middle";

export function sideOf(skeleton: Skeleton, name: string): Side {
  for (const [left, right] of skeleton.flip) {
    if (left === name) return "left";
    if (right === name) return "right";
  }
  return "middle";
}

/** The name across the mirror; a point in the middle is its own. */
export function opposite(skeleton: Skeleton, name: string): string {
  for (const [left, right] of skeleton.flip) {
    if (left === name) return right;
    if (right === name) return left;
  }
  return name;
}

/** Left and right in colours that stay apart for most kinds of colour blindness; the form of the point tells them apart as well. */
export const SIDE_COLORS: Readonly<Record<"left" | "right", string>> = { left: "#56b4e9", right: "#e69f00" };

/** An edge belongs to a side when one of its ends does, and to the middle when both sides do. */
export function sideOfEdge(skeleton: Skeleton, [a, b]: NamePair): Side {
  const [one, other] = [sideOf(skeleton, a), sideOf(skeleton, b)];
  if (one === other) return one;
  if (one === "middle") return other;
  return other === "middle" ? one : "middle";
}

/** Where the template's points lie in a box, which their own bounds fill. */
export function templateIn(skeleton: Skeleton, [minX, minY, maxX, maxY]: readonly [number, number, number, number]): Map<string, Point> {
  const [xs, ys] = [skeleton.points.map(({ x }) => x), skeleton.points.map(({ y }) => y)];
  const along = (value: number, values: readonly number[], low: number, high: number): number => {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return most > least ? low + ((value - least) / (most - least)) * (high - low) : (low + high) / 2;
  };
  return new Map(skeleton.points.map(({ name, x, y }) => [name, [along(x, xs, minX, maxX), along(y, ys, minY, maxY)]]));
}

/**
 * Where all points of the template would lie, judged by those that were placed: moved, turned and scaled by least squares.
 * Null with fewer than two of them.
 */
export function templateBy(skeleton: Skeleton, placed: ReadonlyMap<string, Point>): Map<string, Point> | null {
  const both = skeleton.points.flatMap((point) => {
    const to = placed.get(point.name);
    return to ? [{ from: [point.x, point.y] as Point, to }] : [];
  });
  if (both.length < 2) return null;
  const mean = (points: readonly Point[]): Point => [points.reduce((sum, [x]) => sum + x, 0) / points.length, points.reduce((sum, [, y]) => sum + y, 0) / points.length];
  const [fromMiddle, toMiddle] = [mean(both.map(({ from }) => from)), mean(both.map(({ to }) => to))];
  // In complex numbers: to = s * from, with s the sum of to * conj(from) over the sum of |from|².
  let [real, imaginary, square] = [0, 0, 0];
  for (const { from, to } of both) {
    const [u, v] = [from[0] - fromMiddle[0], from[1] - fromMiddle[1]];
    const [x, y] = [to[0] - toMiddle[0], to[1] - toMiddle[1]];
    real += x * u + y * v;
    imaginary += y * u - x * v;
    square += u * u + v * v;
  }
  if (square === 0) return null;
  const [a, b] = [real / square, imaginary / square];
  return new Map(
    skeleton.points.map(({ name, x, y }) => {
      const [u, v] = [x - fromMiddle[0], y - fromMiddle[1]];
      return [name, [toMiddle[0] + a * u - b * v, toMiddle[1] + b * u + a * v]];
    }),
  );
}
