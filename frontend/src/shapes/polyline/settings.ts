import type { Setting } from "../../core/tool-settings";

/** How far simplifying may move the line, in image pixels. */
export const LINE_TOLERANCE_PX: Setting<number> = { name: "polyline.tolerance_px", initial: 1 };
