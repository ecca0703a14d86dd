import type { Setting } from "../../core/tool-settings";

export const SPLIT_INTO_PARTS: Setting<boolean> = { name: "polygon.split_into_parts", initial: false };
/** How far simplifying may move the outline, in image pixels. */
export const TOLERANCE_PX: Setting<number> = { name: "polygon.tolerance_px", initial: 1 };
