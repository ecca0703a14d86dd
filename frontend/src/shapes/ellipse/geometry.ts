/** An ellipse, possibly turned about its centre. */
import { boundsOf, clamp, keptInside, lineDistance, rounded, turned } from "../../core/geometry";
import type { Outline } from "../../core/kinds";
import type { Bounds, Point, Size } from "../../core/types";
import type { EllipseShape } from "./shape";

/** How far an edge of the outline may be from the ellipse; the server's exports keep to the same. */
export const TOLERANCE_PX = 0.1;
const FEWEST = 16;

export function centre({ cx, cy }: EllipseShape): Point {
  return [cx, cy];
}

/** Make an ellipse of its middle and radii; null when there is nothing of it. */
export function ellipseOf([cx, cy]: Point, rx: number, ry: number, rotation = 0): EllipseShape | null {
  const radii = [rounded(Math.abs(rx)), rounded(Math.abs(ry))] as const;
  return radii[0] > 0 && radii[1] > 0 ? { type: "ellipse", cx: rounded(cx), cy: rounded(cy), rx: radii[0], ry: radii[1], rotation: degreesOf(rotation) } : null;
}

/** Hundredths of a degree, from 0 up to 360. */
export function degreesOf(rotation: number): number {
  return rounded(((rotation % 360) + 360) % 360) % 360;
}

/** The place at an angle of the ellipse's own circle: 0 is the end of its first axis. */
export function placeAt(ellipse: EllipseShape, angle: number): Point {
  const at: Point = [ellipse.cx + ellipse.rx * Math.cos(angle), ellipse.cy + ellipse.ry * Math.sin(angle)];
  return turned(at, centre(ellipse), ellipse.rotation);
}

/** A closed ring of vertices on the ellipse; a multiple of four, so that the ends of both axes are among them. */
export function ringOf(ellipse: EllipseShape, tolerance_px = TOLERANCE_PX): readonly Point[] {
  const longest = Math.max(ellipse.rx, ellipse.ry);
  const step = longest > tolerance_px ? Math.acos(1 - tolerance_px / longest) : Math.PI / 8;
  const count = Math.max(FEWEST, 4 * Math.ceil(Math.PI / step / 4));
  const ring = Array.from({ length: count }, (_, at) => placeAt(ellipse, (2 * Math.PI * at) / count));
  return ring[0] ? [...ring, ring[0]] : [];
}

export function bounds(ellipse: EllipseShape): Bounds {
  const angle = (ellipse.rotation * Math.PI) / 180;
  const halfWidth = Math.hypot(ellipse.rx * Math.cos(angle), ellipse.ry * Math.sin(angle));
  const halfHeight = Math.hypot(ellipse.rx * Math.sin(angle), ellipse.ry * Math.cos(angle));
  return [ellipse.cx - halfWidth, ellipse.cy - halfHeight, ellipse.cx + halfWidth, ellipse.cy + halfHeight];
}

export function area({ rx, ry }: EllipseShape): number {
  return Math.PI * rx * ry;
}

export function contains(ellipse: EllipseShape, at: Point, reach: number): boolean {
  const [x, y] = turned(at, centre(ellipse), -ellipse.rotation);
  if (((x - ellipse.cx) / ellipse.rx) ** 2 + ((y - ellipse.cy) / ellipse.ry) ** 2 <= 1) return true;
  return reach > 0 && lineDistance(ringOf(ellipse), at) <= reach;
}

export function move(ellipse: EllipseShape, dx: number, dy: number, size: Size): EllipseShape {
  const [stepX, stepY] = keptInside(bounds(ellipse), dx, dy, size);
  return { ...ellipse, cx: rounded(ellipse.cx + stepX), cy: rounded(ellipse.cy + stepY) };
}

/** It may reach over the edge of the image: a part of an ellipse is none. */
export function fits(ellipse: EllipseShape, size: Size): boolean {
  const around = boundsOf(ringOf(ellipse).map(([x, y]): Point => [clamp(x, 0, size.width), clamp(y, 0, size.height)]));
  return around !== null && around[0] < around[2] && around[1] < around[3];
}

export function outline(ellipse: EllipseShape): Outline {
  return { lines: [ringOf(ellipse)], dots: [] };
}
