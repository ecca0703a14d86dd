/** A box, possibly turned about its centre. */
import { boundsOf, clamp, distance, keptInside, lineDistance, rounded, turned } from "../../core/geometry";
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

/** The same box at another angle about its centre, pushed back into the image as far as it fits. */
export function turnedTo(box: BoxShape, degrees: number, size: Size): BoxShape {
  const rotation = rounded((((degrees % 360) + 360) % 360) || 0) % 360;
  const next = { ...box, rotation };
  const around = bounds(next);
  if (!around) return next;
  const [minX, minY, maxX, maxY] = around;
  const [dx, dy] = [pushed(minX, maxX, size.width), pushed(minY, maxY, size.height)];
  return dx === 0 && dy === 0 ? next : { ...next, x: rounded(next.x + dx), y: rounded(next.y + dy) };
}

/** The step that brings a stretch inside 0 and the limit; none where it is too long to fit. */
function pushed(low: number, high: number, limit: number): number {
  if (high - low > limit) return 0;
  return Math.max(0, -low) - Math.max(0, high - limit);
}

/** Make a box of one side and a point that says how far the opposite side is. */
export function boxOnSide(a: Point, b: Point, to: Point): BoxShape {
  const width = distance(a, b);
  const [ux, uy] = [(b[0] - a[0]) / width, (b[1] - a[1]) / width];
  const across = (to[0] - a[0]) * -uy + (to[1] - a[1]) * ux;
  const [cx, cy] = [(a[0] + b[0]) / 2 - (uy * across) / 2, (a[1] + b[1]) / 2 + (ux * across) / 2];
  const height = Math.abs(across);
  const rotation = rounded((((Math.atan2(uy, ux) * 180) / Math.PI) + 360) % 360) % 360;
  return { type: "box", x: rounded(cx - width / 2), y: rounded(cy - height / 2), width: rounded(width), height: rounded(height), rotation };
}

/** Grow or shrink at the right and at the bottom, to no less than a pixel and no farther than the image. */
export function resized(box: BoxShape, dx: number, dy: number, size: Size): BoxShape {
  const [right, bottom] = box.rotation === 0 ? [size.width, size.height] : [Infinity, Infinity];
  const width = clamp(box.width + dx, 1, Math.max(box.width, right - box.x));
  const height = clamp(box.height + dy, 1, Math.max(box.height, bottom - box.y));
  const middle = centre(box);
  const [cx, cy] = turned([box.x + width / 2, box.y + height / 2], middle, box.rotation);
  return { ...box, x: rounded(cx - width / 2), y: rounded(cy - height / 2), width: rounded(width), height: rounded(height) };
}
