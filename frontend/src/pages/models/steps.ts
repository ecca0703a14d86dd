import type { StepKind } from "@/api/types";
import type { Options } from "./protocolOptions";

export type Phase = "pre" | "post";
export type StepParam = StepKind["params"][number];

export interface Step {
  name: string;
  params: Options;
}

function isStep(value: unknown): value is Step {
  return typeof value === "object" && value !== null && typeof (value as Step).name === "string";
}

/** The steps of one phase, in order; what is no step is passed over, the server names it. */
export function stepsOf(options: Options, phase: Phase): Step[] {
  const listed = options[phase];
  if (!Array.isArray(listed)) return [];
  return listed.filter(isStep).map((step) => ({ name: step.name, params: typeof step.params === "object" ? step.params : {} }));
}

export function withSteps(options: Options, phase: Phase, steps: readonly Step[]): Options {
  return { ...options, [phase]: steps };
}

/** A step as it is added: every parameter at its default. */
export function newStep(kind: StepKind): Step {
  return { name: kind.name, params: Object.fromEntries(kind.params.map((param) => [param.name, param.default])) };
}

/** The list with one step a place up (-1) or down (1); the same list where it stands at that end. */
export function moved(steps: readonly Step[], at: number, by: -1 | 1): readonly Step[] {
  const to = at + by;
  const [one, other] = [steps[at], steps[to]];
  if (one === undefined || other === undefined) return steps;
  return steps.map((step, index) => (index === at ? other : index === to ? one : step));
}

export function withParam(steps: readonly Step[], at: number, name: string, value: unknown): readonly Step[] {
  return steps.map((step, index) => (index === at ? { ...step, params: { ...step.params, [name]: value } } : step));
}

export function without(steps: readonly Step[], at: number): readonly Step[] {
  return steps.filter((_, index) => index !== at);
}

/** The parameters that a step looks at, as its other parameters stand. */
export function shownParams(kind: StepKind, step: Step): StepParam[] {
  return kind.params.filter((param) => {
    const [other, value] = param.when ?? [];
    if (other === undefined) return true;
    return (step.params[other] ?? kind.params.find((one) => one.name === other)?.default) === value;
  });
}

/** Numbers as they were typed, between commas or spaces; null where one is none. */
export function numbersOf(text: string): number[] | null {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== "");
  const numbers = parts.map(Number);
  return numbers.length > 0 && numbers.every(Number.isFinite) ? numbers : null;
}

/** Which step a judgement is about (`post.1.value` is the second of post), or null when it is about none of them. */
export function stepAt(where: string): { phase: Phase; index: number } | null {
  const found = /^(pre|post)\.(\d+)/.exec(where);
  return found === null ? null : { phase: found[1] as Phase, index: Number(found[2]) };
}

const WINDOW_PX = 1024;
const OVERLAP_PX = 128;

export interface Windows {
  window_px: number | null;
  overlap_px: number;
}

export function windowsOf(options: Options): Windows {
  const { window_px: window, overlap_px: overlap } = options;
  return { window_px: typeof window === "number" ? window : null, overlap_px: typeof overlap === "number" ? overlap : 64 };
}

/** Options with windows switched on at a usual size, or off. */
export function withWindows(options: Options, on: boolean): Options {
  return { ...options, window_px: on ? WINDOW_PX : null, overlap_px: on ? OVERLAP_PX : 64 };
}
