/** Attribute definitions while they are typed: all text, until they are saved. */
import { BUILT_IN, type Attribute } from "@/core/attributes";

export interface AttributeDraft {
  /** Tells rows apart while their names change. */
  readonly key: number;
  readonly name: string;
  readonly type: Attribute["type"];
  readonly options: readonly string[];
  readonly initial: string;
  readonly min: string;
  readonly max: string;
  readonly required: boolean;
}

export const NEW_ATTRIBUTE: AttributeDraft = { key: 0, name: "", type: "boolean", options: [], initial: "", min: "", max: "", required: false };

const YES: Readonly<Record<string, boolean>> = { yes: true, true: true, no: false, false: false };

function text(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "number" || typeof value === "string" ? String(value) : "";
}

export function asDrafts(attributes: readonly Attribute[]): AttributeDraft[] {
  return attributes.map(({ name, type, options, default: initial, min, max, required }, key) => ({
    key, name, type, options: options ?? [], initial: text(initial), min: text(min), max: text(max), required: required ?? false,
  }));
}

function initialOf({ type, initial }: AttributeDraft): string | number | boolean | null {
  const typed = initial.trim();
  if (typed === "") return null;
  if (type === "boolean") return YES[typed.toLowerCase()] ?? null;
  return type === "number" ? Number(typed) : typed;
}

interface Definition {
  name: string;
  type: Attribute["type"];
  options?: string[];
  default: string | number | boolean | null;
  required: boolean;
  min?: number | null;
  max?: number | null;
}

function bound(typed: string): number | null {
  return typed.trim() === "" ? null : Number(typed);
}

export function asDefinitions(drafts: readonly AttributeDraft[]): Definition[] {
  return drafts.map((draft) => ({
    name: draft.name.trim(),
    type: draft.type,
    default: initialOf(draft),
    required: draft.required,
    ...(draft.type === "choice" ? { options: [...draft.options] } : {}),
    ...(draft.type === "number" ? { min: bound(draft.min), max: bound(draft.max) } : {}),
  }));
}

export type Problem = "empty" | "taken" | "options" | "number" | "initial";

/** What keeps each draft from being saved; null where nothing does. */
export function problemsOf(drafts: readonly AttributeDraft[]): (Problem | null)[] {
  const names = drafts.map(({ name }) => name.trim());
  return drafts.map((draft, at) => problemOf(draft, names.filter((_, other) => other !== at)));
}

function problemOf(draft: AttributeDraft, others: readonly string[]): Problem | null {
  const name = draft.name.trim();
  if (name === "") return "empty";
  if (others.includes(name) || name === "default" || BUILT_IN.some((known) => known.name === name)) return "taken";
  if (draft.type === "choice" && draft.options.length === 0) return "options";
  const [min, max, initial] = [bound(draft.min) ?? -Infinity, bound(draft.max) ?? Infinity, initialOf(draft)];
  if (draft.type === "number" && !(min <= max)) return "number";
  if (draft.initial.trim() === "") return null;
  if (draft.type === "number" && !(Number(initial) >= min && Number(initial) <= max)) return "initial";
  if (draft.type === "choice" && !draft.options.includes(draft.initial.trim())) return "initial";
  return initial === null ? "initial" : null;
}
