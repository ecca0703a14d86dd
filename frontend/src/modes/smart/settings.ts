/** What the smart tool remembers, from image to image. */
import type { AssistStatus, PromptableModel } from "../../core/assistant";
import type { Bench } from "../../core/bench";
import type { Setting } from "../../core/tool-settings";
import type { Method } from "./marks";

export const METHOD: Setting<string> = { name: "smart.method", initial: "model" };
/** The id of the model to ask, where the campaign has several; empty is its first. */
export const MODEL: Setting<string> = { name: "smart.model", initial: "" };
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

/** The chosen model, or the campaign's first one; null where it has none. */
export function modelOf(chosen: string, { models }: Pick<AssistStatus, "models">): PromptableModel | null {
  return models?.find(({ id }) => String(id) === chosen) ?? models?.[0] ?? null;
}

export function modelIn(bench: Bench): PromptableModel | null {
  const status = bench.assistant?.status.getState();
  return status ? modelOf(bench.settings.get(MODEL), status) : null;
}

export const GRABCUT = "grabcut";

/** The ways to an outline by name: the id of each model, and GrabCut. */
export function waysOf({ models }: Pick<AssistStatus, "models">): readonly { readonly value: string; readonly label: string }[] {
  return [...(models ?? []).map(({ id, name }) => ({ value: String(id), label: name })), { value: GRABCUT, label: "GrabCut" }];
}

/** Which of these ways is taken. */
export function wayOf(method: string, model: string, status: Pick<AssistStatus, "models">): string {
  return methodOf(method, status) === "model" ? String(modelOf(model, status)?.id ?? "") : GRABCUT;
}
