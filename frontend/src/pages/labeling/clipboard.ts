/** The clipboard of objects, shared by the tabs of this browser. Label ids mean something in one campaign only. */
import type { Annotation } from "@/core/types";

const KEY = "winnow:clipboard";

interface Stored {
  readonly campaign: number;
  readonly annotations: readonly Annotation[];
}

export function copyToClipboard(campaign: number, annotations: readonly Annotation[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ campaign, annotations } satisfies Stored));
  } catch {
    // A full or forbidden storage copies nothing; nothing is lost by that.
  }
}

export function readClipboard(campaign: number): readonly Annotation[] {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "null") as Stored | null;
    return stored?.campaign === campaign ? stored.annotations : [];
  } catch {
    return [];
  }
}
