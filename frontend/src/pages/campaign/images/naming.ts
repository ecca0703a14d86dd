/** How a request says which images it is about. Pure. */
import type { Images } from "@/api/gallery";
import { type Filter, toBody } from "./filters/model";

/** As many ids are sent one by one; a longer list that is all that a filter gave is sent as the filter. */
export const LISTED = 500;

/** Images by their ids: what somebody removed meanwhile is passed over, and the answer names it. */
export function listedImages(ids: readonly number[]): Images {
  return { ids: [...ids], missing: "skip" };
}

/** Of images by their ids those alone that still wait for a label; the answer names the others. */
export function waitingImages(ids: readonly number[]): Images {
  return { ids: [...ids], missing: "skip", state: "unlabeled" };
}

interface Shown {
  readonly ids: readonly number[];
  /** The filter that gave them; null when it might give others by now. */
  readonly idsOf: Filter | null;
}

/** All that a filter gave is said as the filter, as long as nothing was done that might make it give others. */
export function namedImages({ ids: shown, idsOf }: Shown, ids: readonly number[]): Images {
  const whole = ids.length > LISTED && idsOf !== null && ids.length === shown.length && ids.every((id, place) => id === shown[place]);
  if (!whole) return listedImages(ids);
  const body = toBody(idsOf);
  return Object.keys(body).length === 0 ? "all" : { filter: body };
}
