import type { NewRoundPlan, RoundPlan } from "@/api/progress";

export interface PlanValues {
  again: boolean;
  every: number | string;
  nightly: boolean;
  at: string;
  zone: string;
  atLeast: number | string;
  strategy: string;
  size: number | string;
}

/** Stands in the form for a plan that names no strategy: each round takes what suits the campaign best when it begins. */
export const AUTOMATIC = "automatic";

const DEFAULT_EVERY = 10;

/** What the form shows of a plan; a plan that was never nightly takes the browser's time zone. */
export function planForm(plan: RoundPlan, zone: string): PlanValues {
  return { again: plan.every > 0, every: plan.every > 0 ? plan.every : DEFAULT_EVERY, nightly: plan.nightly, at: plan.at, zone: plan.nightly ? plan.zone : zone, atLeast: plan.at_least, strategy: plan.strategy || AUTOMATIC, size: plan.size };
}

/** The plan that the form asks for; what it does not show stays as it was. */
export function planOf(values: PlanValues, plan: RoundPlan): NewRoundPlan {
  return {
    every: values.again ? Math.max(1, Number(values.every) || DEFAULT_EVERY) : 0,
    nightly: values.nightly,
    at: values.at === "" ? "02:00" : values.at.slice(0, 5),
    zone: values.zone,
    at_least: Math.max(1, Number(values.atLeast) || plan.at_least),
    strategy: values.strategy === AUTOMATIC ? "" : (values.strategy as NewRoundPlan["strategy"]),
    size: Math.max(1, Number(values.size) || plan.size),
  };
}
