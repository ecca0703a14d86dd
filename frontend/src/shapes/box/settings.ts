import type { Setting } from "../../core/tool-settings";

/** Width by height of new boxes, where proportions are kept. */
export const RATIO: Setting<number> = { name: "box.ratio", initial: 1 };
