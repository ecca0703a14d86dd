export const STEPS = ["images", "labels", "model", "prefill", "label", "train", "round"] as const;
export type Step = (typeof STEPS)[number];

/** What the page knows of a campaign when it says what comes next. */
export interface Facts {
  images: number;
  unlabeled: number;
  labeled: number;
  labels: number;
  attached: number;
  mapped: boolean;
  prefilled: boolean;
  trained: boolean;
  rounds: number;
  /** Images that the open round still asks for; null without an open round. */
  asked: number | null;
}

export interface Advice {
  /** The step that leads on. */
  step: Step;
  done: ReadonlySet<Step>;
}

/** A first training with fewer labels tells little; the round after it asks for more anyway. */
export const ENOUGH_TO_TRAIN = 10;

function stepOf(facts: Facts): Step {
  if (facts.images === 0) return "images";
  if (facts.labels === 0) return "labels";
  if (facts.asked !== null && facts.asked > 0) return "label";
  if (facts.asked === 0 && facts.unlabeled > 0) return "round";
  if (facts.labeled === 0 && facts.attached === 0) return "model";
  if (facts.labeled === 0 && !facts.prefilled) return facts.mapped ? "prefill" : "model";
  if (facts.labeled < Math.min(ENOUGH_TO_TRAIN, facts.images)) return "label";
  if (!facts.trained) return "train";
  return "round";
}

/** Where the loop stands and which one click leads on. */
export function adviceOf(facts: Facts): Advice {
  const done = new Set<Step>();
  if (facts.images > 0) done.add("images");
  if (facts.labels > 0) done.add("labels");
  if (facts.attached > 0) done.add("model");
  if (facts.prefilled) done.add("prefill");
  if (facts.images > 0 && facts.labeled >= Math.min(ENOUGH_TO_TRAIN, facts.images) && (facts.asked ?? 0) === 0) done.add("label");
  if (facts.trained) done.add("train");
  if (facts.rounds > 0) done.add("round");
  const step = stepOf(facts);
  done.delete(step);
  return { step, done };
}

/** How many images a step is about: those of the open round where it is to be labeled, all that wait where the next one is made. */
export function waitingFor(step: Step, { asked, unlabeled }: Facts): number {
  return step === "round" ? unlabeled : (asked ?? unlabeled);
}
