import type { CountedSlice } from "@/api/statistics";

/** The most telling first: images that measured the model while it learned, those that were held back from it, those that taught it. */
const ORDER = ["validation", "test", "train", "all"] as const;

/** The slice to open on: the first that is measured, else the first whose truth is known, else the first that has an image. */
export function firstSlice(counted: readonly CountedSlice[]): string {
  for (const count of ["measured", "with_truth", "images"] as const) {
    const found = ORDER.find((name) => counted.some((one) => one.slice === name && one[count] > 0));
    if (found !== undefined) return found;
  }
  return ORDER[0];
}
