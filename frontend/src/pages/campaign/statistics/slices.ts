import type { CountedSlice } from "@/api/statistics";

/** The most telling first: images that measured the model while it learned, those that were held back from it, those that taught it. */
const ORDER = ["validation", "test", "train", "all"] as const;

/** Whether a slice is one that every campaign has, rather than a selection of images or a view. */
export function isNamedSlice(slice: string): slice is (typeof ORDER)[number] {
  return (ORDER as readonly string[]).includes(slice);
}

/** The slice to open on: the first that is measured, else the first whose truth is known, else the first that has an image. */
export function firstSlice(counted: readonly CountedSlice[]): string {
  for (const count of ["measured", "with_truth", "images"] as const) {
    const found = ORDER.find((name) => counted.some((one) => one.slice === name && one[count] > 0));
    if (found !== undefined) return found;
  }
  return ORDER[0];
}
