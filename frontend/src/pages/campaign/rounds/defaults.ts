import type { Strategy, StrategyName } from "@/api/types";

/** In the top group at every number of labels, and able to start without a model. */
export const DEFAULT_STRATEGY = "uherding" satisfies StrategyName;

/** A tenth of what is left, between 10 and 100: small rounds learn faster, large ones wait less. */
export function defaultSize(unlabeled: number): number {
  return Math.max(1, Math.min(unlabeled === 0 ? 20 : unlabeled, Math.max(10, Math.min(100, Math.round(unlabeled / 10)))));
}

/** Train first, and rank by that; or by the campaign's current model. Anything else is a model's number. */
export const TRAIN = "train";
export const CURRENT = "";

/** Asks first for what a model leaves to people. */
export const UNSURE = "unsure";

/** What a round can go by: what is left to people is told by spans saved with a model, and one that is trained now has none. */
export function rankable(chosen: string, extras: readonly string[]): string {
  return chosen === TRAIN && extras.includes(UNSURE) ? CURRENT : chosen;
}

/** What a round goes by, as the server reads it. The current model is named: strategies that could do without one then draft by it, too. */
export function basisOf(chosen: string, current: number | undefined): { train?: true; model?: number } {
  if (chosen === TRAIN) return { train: true };
  const model = chosen === CURRENT ? current : Number(chosen);
  return model === undefined ? {} : { model };
}

/** What a strategy cannot do without, the rarest first: what is named includes a model. */
export function needOf({ needs }: Pick<Strategy, "needs">): "committee" | "head" | "model" | "nothing" {
  return (["committee", "head", "model"] as const).find((need) => needs.includes(need)) ?? "nothing";
}
