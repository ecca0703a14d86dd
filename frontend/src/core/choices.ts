/** What a person chose, option by option, each with its moment: so that choices of several browsers become one, and the last one wins. Pure. */
import type { SettingValue } from "./tool-settings";

export interface Choice {
  readonly value: SettingValue;
  readonly at_ms: number;
}

export type Options = Readonly<Record<string, SettingValue>>;
export type Choices = Readonly<Record<string, Choice>>;

export const NO_CHOICES: Choices = {};

/** The text that stands for "as it comes": an option that was chosen once and let go. */
export const LET_GO = "";

/** As many options as the server keeps; those not touched for longest go first. */
export const MOST_CHOICES = 200;

/** A clock that is behind must not lose to what it has seen: a choice is always later than the one that it replaces. */
export function chosen(choices: Choices, options: Options, now_ms: number): Choices {
  const changed = Object.entries(options).filter(([name, value]) => choices[name]?.value !== value);
  if (changed.length === 0) return choices;
  return trimmed({ ...choices, ...Object.fromEntries(changed.map(([name, value]) => [name, { value, at_ms: Math.max(now_ms, (choices[name]?.at_ms ?? 0) + 1) }])) });
}

function later(a: Choice, b: Choice): Choice {
  if (a.at_ms !== b.at_ms) return a.at_ms > b.at_ms ? a : b;
  // Made in the same millisecond: any rule will do on which both sides agree.
  return String(a.value) >= String(b.value) ? a : b;
}

/** The later choice of each option. In whatever order browsers meet, they end up with the same. */
export function merged(a: Choices, b: Choices): Choices {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  const entries = [...names].map((name): [string, Choice] => {
    const [one, other] = [a[name], b[name]];
    return [name, one === undefined ? (other as Choice) : other === undefined ? one : later(one, other)];
  });
  return trimmed(Object.fromEntries(entries));
}

function trimmed(choices: Choices): Choices {
  const entries = Object.entries(choices);
  if (entries.length <= MOST_CHOICES) return choices;
  return Object.fromEntries(entries.toSorted(([a, x], [b, y]) => y.at_ms - x.at_ms || (a < b ? -1 : 1)).slice(0, MOST_CHOICES));
}

export function sameChoices(a: Choices, b: Choices): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name]?.value === b[name]?.value && a[name]?.at_ms === b[name]?.at_ms);
}

export function optionsOf(choices: Choices): Options {
  return Object.fromEntries(Object.entries(choices).map(([name, { value }]) => [name, value]));
}

function isValue(value: unknown): value is SettingValue {
  return typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}

/** Choices as preferences keep them; an option that a script set without a moment is older than any. */
export function choicesFrom(view: Readonly<Record<string, unknown>> = {}, times: Readonly<Record<string, number>> = {}): Choices {
  return Object.fromEntries(Object.entries(view).flatMap(([name, value]) => (isValue(value) ? [[name, { value, at_ms: times[name] ?? 0 }] as const] : [])));
}

export function timesOf(choices: Choices): Record<string, number> {
  return Object.fromEntries(Object.entries(choices).map(([name, { at_ms }]) => [name, at_ms]));
}
