/** What labels ask of their objects, and the answers: occluded and truncated everywhere, the campaign's own by label. */
import type { Annotation } from "./types";

export type Answer = string | number | boolean;

export interface Attribute {
  readonly name: string;
  readonly type: "boolean" | "number" | "text" | "choice";
  readonly options?: readonly string[];
  readonly default?: unknown;
  readonly required?: boolean;
  readonly min?: number | null;
  readonly max?: number | null;
}

export const BUILT_IN: readonly Attribute[] = [
  { name: "occluded", type: "boolean" },
  { name: "truncated", type: "boolean" },
];

/** By label id; labels that ask nothing are absent. */
export type Definitions = ReadonlyMap<number, readonly Attribute[]>;

export const NO_DEFINITIONS: Definitions = new Map();

export function isAnswer(value: unknown): value is Answer {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** The answers that a new object begins with. */
export function defaultAnswers(definitions: Definitions, label: number): Readonly<Record<string, Answer>> {
  const asked = definitions.get(label) ?? [];
  return Object.fromEntries(asked.flatMap(({ name, default: value }) => (isAnswer(value) ? [[name, value]] : [])));
}

/** The first required attribute without an answer; null when nothing is missing. */
export function missingAnswer(annotation: Annotation, definitions: Definitions): string | null {
  const missing = (definitions.get(annotation.label) ?? []).find(({ name, required }) => required && (annotation.attributes[name] ?? "") === "");
  return missing?.name ?? null;
}

/** Read what a person typed as an answer to an attribute; null takes the answer away, undefined is no answer at all. */
export function answerOf(attribute: Attribute, text: string): Answer | null | undefined {
  if (text === "") return null;
  if (attribute.type !== "number") return text;
  const value = Number(text);
  const inside = value >= (attribute.min ?? -Infinity) && value <= (attribute.max ?? Infinity);
  return Number.isFinite(value) && inside ? value : undefined;
}
