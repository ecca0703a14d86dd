/** What drawing and editing by vertices remembers from image to image. */
import type { Setting } from "../../core/tool-settings";

export const SNAP: Setting<boolean> = { name: "path.snap", initial: true };
/** In pixels of the page, so that it feels the same at every zoom. */
export const SNAP_PX: Setting<number> = { name: "path.snap_px", initial: 9 };
export const TRACE: Setting<boolean> = { name: "path.trace", initial: false };
/** Cling to edges of the picture: intelligent scissors. */
export const SCISSORS: Setting<boolean> = { name: "path.scissors", initial: false };
