/** WGS 84 by Karney's algorithms ("Algorithms for geodesics", 2013): exact to nanometres, from pole to pole. */
import { Geodesic } from "geographiclib-geodesic";
import type { Ellipsoid } from "./ruler";
import type { Point } from "./types";

function measured(points: readonly Point[], isLine: boolean): { readonly perimeter: number; readonly area?: number } {
  const polygon = Geodesic.WGS84.Polygon(isLine);
  for (const [lon, lat] of points) polygon.AddPoint(lat, lon);
  return polygon.Compute(false, true);
}

export const WGS84: Ellipsoid = {
  length_m: (points) => measured(points, true).perimeter,
  area_m2: (ring) => Math.abs(measured(ring, false).area ?? NaN),
};
