/**
 * Pixel space and the viewer's space: the only place that converts.
 *
 * Pixel space has y down, OpenLayers has y up, so y changes its sign: the image fills [0, -height, width, 0].
 */
import type { Coordinate } from "ol/coordinate.js";
import type { Extent } from "ol/extent.js";
import Projection from "ol/proj/Projection.js";
import type { Bounds, Point, Size } from "../core/types";

export function toView([x, y]: Point): Coordinate {
  return [x, -y];
}

export function toImage(coordinate: Coordinate): Point {
  return [coordinate[0] ?? 0, -(coordinate[1] ?? 0)];
}

export function extentOf([minX, minY, maxX, maxY]: Bounds): Extent {
  return [minX, -maxY, maxX, -minY];
}

export function imageExtent({ width, height }: Size): Extent {
  return extentOf([0, 0, width, height]);
}

/** Write points as the flat list that OpenLayers' geometries take. */
export function flatten(points: readonly Point[], into: number[] = []): number[] {
  for (const [x, y] of points) into.push(x, -y);
  return into;
}

/**
 * Image pixels in one pixel of the page when all of an image is in sight. Of an image so thin that it would be a hair or
 * less, a part is in sight instead, as wide as can be seen and worked on.
 */
export function fittingResolution({ width, height }: Size, canvas: Size, padding: number, thinnest: number): number {
  const whole = Math.max(width / Math.max(1, canvas.width - 2 * padding), height / Math.max(1, canvas.height - 2 * padding));
  return Math.min(whole, Math.min(width, height) / thinnest);
}

export function pixelProjection(size: Size): Projection {
  return new Projection({ code: `winnow:image-${size.width}x${size.height}`, units: "pixels", extent: imageExtent(size) });
}
