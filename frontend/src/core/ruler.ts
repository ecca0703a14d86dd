/** Where a pixel lies on the ground, and how long a line and how large an area is there. */
import { ringArea } from "./geometry";
import type { Point, Ring, Size } from "./types";

export interface LonLatGrid {
  /** Degrees at points spread evenly over the image, edges included, row by row. */
  readonly lon: readonly (readonly number[])[];
  readonly lat: readonly (readonly number[])[];
}

export interface Georeference {
  readonly crs: string;
  readonly name: string;
  /** x = a*col + b*row + c, y = d*col + e*row + f. */
  readonly transform: readonly number[] | null;
  /** How lengths are told: along the ellipsoid, in units of the CRS, or in pixels. */
  readonly measure: "geodesic" | "planar" | "pixels";
  readonly unit: string;
  readonly unit_m: number | null;
  readonly grid: LonLatGrid | null;
}

/** Lengths and areas on the ellipsoid, of points in degrees of longitude and latitude. */
export interface Ellipsoid {
  length_m(points: readonly Point[]): number;
  /** Of a closed ring, however it turns. */
  area_m2(ring: Ring): number;
}

export interface Ruler {
  /** What its numbers are: pixels, or metres on the ground. */
  readonly unit: "px" | "m";
  length(points: readonly Point[]): number;
  /** Of a closed ring. */
  area(ring: Ring): number;
}

export const PIXEL_RULER: Ruler = {
  unit: "px",
  length: (points) => sumOfLegs(points, (a, b) => Math.hypot(b[0] - a[0], b[1] - a[1])),
  area: (ring) => Math.abs(ringArea(ring)),
};

/** The ruler of an image; pixels where its CRS does not say what its units are on the ground, or its ellipsoid is not there. */
export function rulerOf(place: Georeference, size: Size, ellipsoid: Ellipsoid | null): Ruler {
  if (place.measure === "planar" && place.transform && place.unit_m !== null) return planarRuler(place, place.unit_m);
  if (place.measure === "geodesic" && place.grid && ellipsoid) return geodesicRuler(place, size, ellipsoid);
  return PIXEL_RULER;
}

function planarRuler(place: Georeference, unit_m: number): Ruler {
  const onGround = (points: readonly Point[]): Point[] => points.map((at) => worldOf(place, at) ?? at);
  return {
    unit: "m",
    length: (points) => PIXEL_RULER.length(onGround(points)) * unit_m,
    area: (ring) => PIXEL_RULER.area(onGround(ring)) * unit_m * unit_m,
  };
}

/** A straight edge of an image is no geodesic: for an area it is walked in steps of at most this, in degrees. */
const STEP_DEGREES = 0.05;
const MOST_STEPS = 500;

function geodesicRuler(place: Georeference, size: Size, ellipsoid: Ellipsoid): Ruler {
  const onGround = (at: Point): Point => lonLatOf(place, at, size) ?? [0, 0];
  return {
    unit: "m",
    // From point to point the shortest way counts; it is what a person asks for who measures a distance.
    length: (points) => ellipsoid.length_m(points.map(onGround)),
    area: (ring) => ellipsoid.area_m2(walked(ring, onGround)),
  };
}

/** Points on the ground along the edges of a ring as it is drawn. */
function walked(ring: Ring, onGround: (at: Point) => Point): Point[] {
  return ring.flatMap((a, at) => {
    const b = ring[at + 1];
    if (!b) return [onGround(a)];
    const [from, to] = [onGround(a), onGround(b)];
    const steps = Math.min(MOST_STEPS, Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / STEP_DEGREES)));
    return Array.from({ length: steps }, (_, step) => onGround([a[0] + ((b[0] - a[0]) * step) / steps, a[1] + ((b[1] - a[1]) * step) / steps]));
  });
}

/** Coordinates in the CRS of the image. */
export function worldOf({ transform }: Georeference, [x, y]: Point): Point | null {
  if (!transform) return null;
  const [a = 1, b = 0, c = 0, d = 0, e = 1, f = 0] = transform;
  return [a * x + b * y + c, d * x + e * y + f];
}

/** Longitude (-180 to 180) and latitude in degrees, between the points of the grid. */
export function lonLatOf({ grid }: Georeference, [x, y]: Point, size: Size): Point | null {
  if (!grid) return null;
  const lon = between(grid.lon, x / size.width, y / size.height);
  const lat = between(grid.lat, x / size.width, y / size.height);
  return [lon - 360 * Math.floor((lon + 180) / 360), lat];
}

/** Interpolate a grid of evenly spread values at (across, down), 0 to 1. */
function between(values: readonly (readonly number[])[], across: number, down: number): number {
  const [columns, rows] = [(values[0]?.length ?? 1) - 1, values.length - 1];
  const [left, top] = [Math.min(Math.max(Math.floor(across * columns), 0), columns - 1), Math.min(Math.max(Math.floor(down * rows), 0), rows - 1)];
  const [u, v] = [across * columns - left, down * rows - top];
  const value = (row: number, column: number): number => values[row]?.[column] ?? NaN;
  return value(top, left) * (1 - u) * (1 - v) + value(top, left + 1) * u * (1 - v) + value(top + 1, left) * (1 - u) * v + value(top + 1, left + 1) * u * v;
}

function sumOfLegs(points: readonly Point[], leg: (a: Point, b: Point) => number): number {
  return points.reduce((sum, b, at) => {
    const a = points[at - 1];
    return a ? sum + leg(a, b) : sum;
  }, 0);
}

/** "412.5 m", "12.34 km", "318 px". */
export function lengthText(value: number, unit: Ruler["unit"]): string {
  if (unit === "px") return `${number(value, 1)} px`;
  return value < 1000 ? `${number(value, value < 10 ? 2 : 1)} m` : `${number(value / 1000, value < 100_000 ? 3 : 1)} km`;
}

/** "85.0 m²", "1.25 ha", "7,892 km²", "640 px²". */
export function areaText(value: number, unit: Ruler["unit"]): string {
  if (unit === "px") return `${number(value, value < 100 ? 1 : 0)} px²`;
  if (value < 10_000) return `${number(value, value < 100 ? 2 : 0)} m²`;
  return value < 1_000_000 ? `${number(value / 10_000, 2)} ha` : `${number(value / 1_000_000, value < 100_000_000 ? 3 : 0)} km²`;
}

function number(value: number, digits: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
