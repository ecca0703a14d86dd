/** How a person wants to see images and objects: kept for the next image, and for the next visit. */
import { PLAIN_TONE, type Tone } from "./tone";

/** Which objects carry their name: none, the one in hand, or all that are large enough. */
export const NAMES = ["none", "touched", "all"] as const;
export type Names = (typeof NAMES)[number];

export const COLOR_BY = ["label", "confidence", "object"] as const;
export type ColorBy = (typeof COLOR_BY)[number];

export interface ViewChoice {
  readonly tone: Tone;
  /** Of the objects that are not in hand, 0 to 1. */
  readonly opacity: number;
  readonly names: Names;
  /** By object: each its own shade of its label's colour. */
  readonly colorBy: ColorBy;
  readonly crosshair: boolean;
  readonly grid: boolean;
  readonly minimap: boolean;
}

export const DEFAULT_VIEW: ViewChoice = { tone: PLAIN_TONE, opacity: 1, names: "touched", colorBy: "label", crosshair: false, grid: true, minimap: true };

/** Complete what was stored by an older page. */
export function viewChoice(stored: Partial<ViewChoice> | undefined): ViewChoice {
  return { ...DEFAULT_VIEW, ...stored, tone: { ...PLAIN_TONE, ...stored?.tone } };
}

/** The next entry of a list, from the last one back to the first. */
export function after<T>(entries: readonly T[], now: T): T {
  return entries[(entries.indexOf(now) + 1) % entries.length] ?? now;
}
