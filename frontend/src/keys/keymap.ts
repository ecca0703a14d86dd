/** Which keys run which command: what the page comes with, then the campaign's profile, then the person's own. Pure. */
import { refusal } from "./names";

/** Keys by command id. An empty list takes all keys away. */
export type Keys = Readonly<Record<string, readonly string[]>>;

export const NO_KEYS: Keys = {};

/** What has keys: a command of the page, or a label. */
export interface Bindable {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  /** As the page comes. */
  readonly keys: readonly string[];
  /** It applies in some situations only; elsewhere the next one with the key is asked. */
  readonly conditional: boolean;
  /** The one shape that it works on. Two shapes are never in hand at once. */
  readonly shape?: string | undefined;
}

export interface Profiles {
  readonly campaign: Keys;
  readonly own: Keys;
}

export const NO_PROFILES: Profiles = { campaign: NO_KEYS, own: NO_KEYS };

export type Source = "page" | "campaign" | "own";

export interface Binding {
  readonly keys: readonly string[];
  readonly source: Source;
}

export interface Keymap {
  readonly byCommand: ReadonlyMap<string, Binding>;
  /** The ids that a key may run, in the order in which they are asked. */
  readonly byKey: ReadonlyMap<string, readonly string[]>;
}

function bindingOf({ id, keys }: Bindable, { campaign, own }: Profiles): Binding {
  const mine = own[id];
  if (mine) return { keys: usable(mine), source: "own" };
  const theirs = campaign[id];
  return theirs ? { keys: usable(theirs), source: "campaign" } : { keys, source: "page" };
}

/** A profile may come from anywhere; what no browser gives to a page is left out. */
function usable(keys: readonly string[]): readonly string[] {
  return [...new Set(keys)].filter((key) => refusal(key) === null || key === "Escape");
}

const RANK: Readonly<Record<Source, number>> = { own: 0, campaign: 1, page: 2 };

/** Resolve all keys. What a person chose is asked first, then the campaign's, then the page's in the order of its table. */
export function resolve(commands: readonly Bindable[], profiles: Profiles): Keymap {
  const byCommand = new Map(commands.map((command) => [command.id, bindingOf(command, profiles)]));
  const byKey = new Map<string, string[]>();
  const ranked = commands.map(({ id }) => ({ id, binding: byCommand.get(id) })).sort((a, b) => rankOf(a.binding) - rankOf(b.binding));
  for (const { id, binding } of ranked) for (const key of binding?.keys ?? []) byKey.set(key, [...(byKey.get(key) ?? []), id]);
  return { byCommand, byKey };
}

function rankOf(binding: Binding | undefined): number {
  return RANK[binding?.source ?? "page"];
}

export interface Conflict {
  readonly key: string;
  /** The one that the key runs, and the one that it would run without it. */
  readonly first: Bindable;
  readonly second: Bindable;
  /** Where both could apply. */
  readonly where: "everywhere" | "sometimes" | "shape";
}

/** Whether there is a situation in which both could run. */
export function canMeet(a: Bindable, b: Bindable): boolean {
  return a.id !== b.id && (a.shape === undefined || b.shape === undefined || a.shape === b.shape);
}

function whereBoth(a: Bindable, b: Bindable): Conflict["where"] {
  if (a.shape !== undefined || b.shape !== undefined) return "shape";
  return a.conditional || b.conditional ? "sometimes" : "everywhere";
}

/**
 * Pairs of commands that share a key and could both apply. The page's own table shares keys on purpose, the choosier
 * command first; those pairs are none, until somebody binds one of the two.
 */
export function conflicts(commands: readonly Bindable[], keymap: Keymap): Conflict[] {
  const known = new Map(commands.map((command) => [command.id, command]));
  return [...keymap.byKey].flatMap(([key, ids]) => {
    const sharing = ids.flatMap((id) => known.get(id) ?? []);
    return sharing.flatMap((first, at) => sharing.slice(at + 1).flatMap((second) => (clash(key, first, second, keymap) ? [{ key, first, second, where: whereBoth(first, second) }] : [])));
  });
}

function clash(key: string, a: Bindable, b: Bindable, keymap: Keymap): boolean {
  const chosen = [a, b].some(({ id, keys }) => keymap.byCommand.get(id)?.source !== "page" && !keys.includes(key));
  return chosen && canMeet(a, b);
}

/** Give a command one more key of its own. */
export function bind(keymap: Keymap, own: Keys, id: string, key: string): Keys {
  const now = keymap.byCommand.get(id)?.keys ?? [];
  return now.includes(key) ? own : { ...own, [id]: [...now, key] };
}

export function unbind(keymap: Keymap, own: Keys, id: string, key: string): Keys {
  const now = keymap.byCommand.get(id)?.keys ?? [];
  return now.includes(key) ? { ...own, [id]: now.filter((other) => other !== key) } : own;
}

/** Give a key to one command alone: whoever could meet it there loses the key. */
export function bindAlone(commands: readonly Bindable[], keymap: Keymap, own: Keys, id: string, key: string): Keys {
  const mine = commands.find((command) => command.id === id);
  const others = commands.filter((other) => mine && canMeet(mine, other) && keymap.byCommand.get(other.id)?.keys.includes(key));
  return bind(keymap, others.reduce((keys, other) => unbind(keymap, keys, other.id, key), own), id, key);
}

export function reset(own: Keys, id: string): Keys {
  return Object.fromEntries(Object.entries(own).filter(([other]) => other !== id));
}

/** What a key would meet on its way to a command, before it is given. */
export function wouldMeet(commands: readonly Bindable[], keymap: Keymap, own: Keys, profiles: Profiles, id: string, key: string): Conflict[] {
  const next = resolve(commands, { ...profiles, own: bind(keymap, own, id, key) });
  return conflicts(commands, next).filter((conflict) => conflict.key === key && [conflict.first.id, conflict.second.id].includes(id));
}

interface File {
  readonly kind: "winnow-keys";
  readonly version: 1;
  readonly keys: Keys;
}

export function exportKeys(keys: Keys): string {
  return `${JSON.stringify({ kind: "winnow-keys", version: 1, keys } satisfies File, null, 2)}\n`;
}

const MOST_KEYS = 8;

function isKeys(value: unknown): value is Keys {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every((keys) => Array.isArray(keys) && keys.length <= MOST_KEYS && keys.every((key) => typeof key === "string" && (refusal(key) === null || key === "Escape")));
}

/** Read what `exportKeys` wrote; throws an error that says what is wrong. */
export function importKeys(text: string): Keys {
  let file: Partial<File>;
  try {
    file = JSON.parse(text) as Partial<File>;
  } catch {
    throw new Error("This file is no JSON.");
  }
  if (file?.kind !== "winnow-keys" || file.version !== 1) throw new Error("This file holds no keys of Winnow.");
  if (!isKeys(file.keys)) throw new Error("A key of this file cannot be used, or a command has more than eight.");
  return file.keys;
}
