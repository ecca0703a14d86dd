/** Where a person last looked in each image, so that it opens there again. */
import type { Point } from "./types";

export interface Place {
  readonly center: Point;
  /** Image pixels in one pixel of the page. */
  readonly resolution: number;
}

/** By image, the one left last at the end. */
export type Places = readonly (readonly [image: number, place: Place])[];

/** So many images are remembered; the one that was left longest ago is forgotten first. */
const MOST = 200;

/** Remember where an image was left; null when all of it was in sight, which is how it opens anyway. */
export function remembered(places: Places, image: number, place: Place | null): Places {
  const rest = places.filter(([id]) => id !== image);
  if (!place) return rest.length === places.length ? places : rest;
  return [...rest.slice(-(MOST - 1)), [image, place]];
}

export function placeOf(places: Places, image: number): Place | null {
  return places.find(([id]) => id === image)?.[1] ?? null;
}
