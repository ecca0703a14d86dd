/** A box, possibly turned about its centre. */
import { boundsOf, distance, keptInside, lineDistance, rounded, turned } from "../../core/geometry";
import type { Outline } from "../../core/kinds";
import type { Bounds, Point, Size } from "../../core/types";
import type { BoxShape } from "./shape";

/** Make a box of two opposite corners. */
export function boxBetween(a: Point, b: Point): BoxShape {
  const [x, y] = [Math.min(a[0], b[0]), Math.min(a[1], b[1])];
  return {
    type: "box",
    x: rounded(x),
    y: rounded(y),
    width: rounded(Math.max(a[0], b[0]) - x),
    height: rounded(Math.max(a[1], b[1]) - y),
    rotation: 0,
  };
}

export function centre(box: BoxShape): Point {
  return [box.x + box.width / 2, box.y + box.height / 2];
}

/** The four corners from the top left, clockwise, turned as the box is. */
export function corners(box: BoxShape): readonly [Point, Point, Point, Point] {
  const middle = centre(box);
  const turn = (x: number, y: number): Point => turned([x, y], middle, box.rotation);
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  return [turn(box.x, box.y), turn(right, box.y), turn(right, bottom), turn(box.x, bottom)];
}

export function closedCorners(box: BoxShape): readonly Point[] {
  const all = corners(box);
  return [...all, all[0]];
}

export function bounds(box: BoxShape): Bounds | null {
  return box.rotation === 0 ? [box.x, box.y, box.x + box.width, box.y + box.height] : boundsOf(corners(box));
}

export function area(box: BoxShape): number {
  return box.width * box.height;
}

export function contains(box: BoxShape, at: Point, reach: number): boolean {
  const [x, y] = turned(at, centre(box), -box.rotation);
  const inside = x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
  return inside || lineDistance(closedCorners(box), at) <= reach;
}

export function move(box: BoxShape, dx: number, dy: number, size: Size): BoxShape {
  const around = bounds(box);
  if (!around) return box;
  const [stepX, stepY] = keptInside(around, dx, dy, size);
  return { ...box, x: rounded(box.x + stepX), y: rounded(box.y + stepY) };
}

export function outline(box: BoxShape): Outline {
  return { lines: [closedCorners(box)], dots: [] };
}

/** Say whether two presses are too close together to have meant a box. */
export function isTooSmall(a: Point, b: Point, reach: number): boolean {
  return distance(a, b) < reach || Math.abs(a[0] - b[0]) < 0.5 || Math.abs(a[1] - b[1]) < 0.5;
}
