/** Limits of a measure as shares of the images: what 40 of sharpness means depends on the pictures. Pure. */
import type { Field } from "./model";

/** The values below which 0, 1, … 100 % of the images lie. */
export type Percentiles = readonly number[];

const MEASURES = ["sharpness", "brightness", "contrast"] as const;
export type Measure = (typeof MEASURES)[number];

/** The measure that a condition limits; null where it limits none. */
export function measureOf(field: Field): Measure | null {
  return MEASURES.find((measure) => field === `${measure}_gte` || field === `${measure}_lte`) ?? null;
}

/** The limit that keeps this share of the images, 0 to 100, on its side. */
export function limitAt(percentiles: Percentiles, field: Field, kept: number): number {
  return percentiles[Math.round(field.endsWith("_lte") ? kept : 100 - kept)] ?? 0;
}

/** The share of the images, 0 to 100, that a limit keeps. */
export function keptBy(percentiles: Percentiles, field: Field, limit: number): number {
  const last = percentiles.length - 1;
  if (field.endsWith("_lte")) return Math.max(0, percentiles.findLastIndex((value) => value <= limit));
  const first = percentiles.findIndex((value) => value >= limit);
  return first === -1 ? 0 : last - first;
}
