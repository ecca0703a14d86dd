/** What the smart tool remembers, from image to image. */
import type { AssistStatus } from "../../core/assistant";
import type { Bench } from "../../core/bench";
import type { Setting } from "../../core/tool-settings";
import type { Method } from "./marks";

export const METHOD: Setting<string> = { name: "smart.method", initial: "model" };
/** Marks go to the background. */
export const BACKGROUND: Setting<boolean> = { name: "smart.background", initial: false };
/** Ask again after each mark, where answers come quickly. */
export const LIVE: Setting<boolean> = { name: "smart.live", initial: true };
export const POLYGON: Setting<boolean> = { name: "smart.polygon", initial: false };
/** Go on with the bitmap tools after Done. */
export const TOUCH_UP: Setting<boolean> = { name: "smart.touch_up", initial: false };

/** The chosen way to an outline, where there is a model for it. */
export function methodOf(chosen: string, { models }: Pick<AssistStatus, "models">): Method {
  return chosen === "model" && models !== null && models.length > 0 ? "model" : "grabcut";
}

export function methodIn(bench: Bench): Method {
  const status = bench.assistant?.status.getState();
  return status ? methodOf(bench.settings.get(METHOD), status) : "grabcut";
}
