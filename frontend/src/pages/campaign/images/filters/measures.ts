/** Limits of a measure as shares of the images: what 40 of sharpness means depends on the pictures. Pure. */
import type { Field } from "./model";

/** The values below which 0, 1, … 100 % of the images lie. */
export type Percentiles = readonly number[];

const DIGITS = 4;
const MEASURES = ["sharpness", "brightness", "contrast"] as const;
export type Measure = (typeof MEASURES)[number];

/** The measure that a condition limits; null where it limits none. */
export function measureOf(field: Field): Measure | null {
  return MEASURES.find((measure) => field === `${measure}_gte` || field === `${measure}_lte`) ?? null;
}

/** The limit that keeps this share of the images, 0 to 100, on its side; with few digits, away from the image that it must keep. */
export function limitAt(percentiles: Percentiles, field: Field, kept: number): number {
  const up = field.endsWith("_lte");
  const value = percentiles[Math.round(up ? kept : 100 - kept)] ?? 0;
  if (value === 0) return 0;
  const scale = 10 ** (DIGITS - 1 - Math.floor(Math.log10(Math.abs(value))));
  const short = (up ? Math.ceil(value * scale) : Math.floor(value * scale)) / scale;
  return (up ? short >= value : short <= value) ? short : value;
}

/** The share of the images, 0 to 100, that a limit keeps. */
export function keptBy(percentiles: Percentiles, field: Field, limit: number): number {
  const last = percentiles.length - 1;
  if (field.endsWith("_lte")) return Math.max(0, percentiles.findLastIndex((value) => value <= limit));
  const first = percentiles.findIndex((value) => value >= limit);
  return first === -1 ? 0 : last - first;
}

/** Where the slider stands for a limit: where the hand left it as long as that means this limit, since with few images many places mean one. */
export function placeOf(percentiles: Percentiles, field: Field, limit: number, left: number): number {
  return limitAt(percentiles, field, left) === limit ? left : keptBy(percentiles, field, limit);
}
