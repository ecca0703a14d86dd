/** What the bitmap tool remembers from image to image. */
import type { Setting } from "../../core/tool-settings";

export const SIZE_PX: Setting<number> = { name: "mask.size_px", initial: 24 };
/** "round" or "square". */
export const FORM: Setting<string> = { name: "mask.form", initial: "round" };
/** How far a pixel may be from the colour where painting by colour began, 0 to 255. */
export const TOLERANCE: Setting<number> = { name: "mask.tolerance", initial: 32 };
/** "colour" compares red, green and blue; "brightness" only how light a pixel is. */
export const COMPARE: Setting<string> = { name: "mask.compare", initial: "colour" };
/** A pen that presses less paints thinner. */
export const PRESSURE: Setting<boolean> = { name: "mask.pressure", initial: true };
/** Pixels that other masks have: "share" them, "keep" them there, or "take" them over. */
export const OVERLAP: Setting<string> = { name: "mask.overlap", initial: "share" };
/** One finger paints instead of panning. */
export const FINGER: Setting<boolean> = { name: "mask.finger", initial: false };
/** Islands of fewer pixels are removed. */
export const ISLAND_PX: Setting<number> = { name: "mask.island_px", initial: 50 };
