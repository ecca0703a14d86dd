import type { Label, ModelClass } from "@/api/types";

/** Which label each class stands for, by class index; absent means: not provided. */
export type Mapping = ReadonlyMap<number, number>;

/** What one person changed since `base`, upon what others have stored meanwhile: nobody undoes what another did elsewhere. */
export function rebased<Key, Value>(base: ReadonlyMap<Key, Value>, mine: ReadonlyMap<Key, Value>, theirs: ReadonlyMap<Key, Value>): Map<Key, Value> {
  const joined = new Map(theirs);
  for (const key of new Set([...base.keys(), ...mine.keys()])) {
    const now = mine.get(key);
    if (now === base.get(key)) continue;
    if (now === undefined) joined.delete(key);
    else joined.set(key, now);
  }
  return joined;
}

/** Names as people mean them: case, separators and accents do not count. */
export function plainName(name: string): string {
  return name.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll(/[\s_\-./]+/g, " ").trim();
}

/** Classes matched with labels of the same name, else of the only near one; what is mapped already stays. */
export function autoMatched(classes: readonly ModelClass[], labels: readonly Label[], known: Mapping = new Map()): Map<number, number> {
  const byName = new Map(labels.map((label) => [plainName(label.name), label.id]));
  const mapping = new Map(known);
  for (const one of classes) {
    if (mapping.has(one.index)) continue;
    const near = labels.filter((label) => isNear(one.name, label.name));
    const label = byName.get(plainName(one.name)) ?? (near.length === 1 ? near[0]?.id : undefined);
    if (label !== undefined) mapping.set(one.index, label);
  }
  return mapping;
}

/** Whether two names mean the same but for a plural or a slip of the pen; the server matches by the same rule. */
export function isNear(one: string, other: string): boolean {
  const [first, second] = [singular(plainName(one)), singular(plainName(other))];
  if (first === second) return true;
  const shorter = Math.min(first.length, second.length);
  const allowed = shorter < 5 ? 0 : shorter < 9 ? 1 : 2;
  return allowed > 0 && first[0] === second[0] && slips(first, second) <= allowed;
}

function singular(name: string): string {
  return name
    .split(" ")
    .map((word) => (word.length > 4 && word.endsWith("ies") ? `${word.slice(0, -3)}y` : word.length > 3 && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word))
    .join(" ");
}

/** How many letters must change, go, come or swap places to make one name of the other. */
function slips(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const earlier = before;
    before = row;
    row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const same = one[i - 1] === other[j - 1];
      let least = Math.min((before[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (before[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) least = Math.min(least, (earlier[j - 2] ?? 0) + 1);
      row[j] = least;
    }
  }
  return row.at(-1) ?? 0;
}

/** Labels that no class stands for. */
export function unfed(labels: readonly Label[], mapping: Mapping): Label[] {
  const fed = new Set(mapping.values());
  return labels.filter((label) => !fed.has(label.id));
}

/** Classes that stand for no label. */
export function leadNowhere(classes: readonly ModelClass[], mapping: Mapping): ModelClass[] {
  return classes.filter((one) => !mapping.has(one.index));
}

/** The mapping with one class given to a label, or taken from the one it had. */
export function withLink(mapping: Mapping, classIndex: number, label: number | null): Map<number, number> {
  const next = new Map(mapping);
  if (label === null) next.delete(classIndex);
  else next.set(classIndex, label);
  return next;
}

export interface Line {
  classIndex: number;
  label: number;
  /** Rows, counted from 0: where the line leaves the left column and enters the right one. */
  from: number;
  to: number;
}

/** A line for every mapped class whose ends are both on the page. */
export function linesOf(classes: readonly ModelClass[], labels: readonly Label[], mapping: Mapping): Line[] {
  const rowOf = new Map(labels.map((label, row) => [label.id, row]));
  return classes.flatMap((one, from) => {
    const label = mapping.get(one.index);
    const to = label === undefined ? undefined : rowOf.get(label);
    return label === undefined || to === undefined ? [] : [{ classIndex: one.index, label, from, to }];
  });
}

export function sameMapping(a: Mapping, b: Mapping): boolean {
  return a.size === b.size && [...a].every(([index, label]) => b.get(index) === label);
}

/** Classes from a pasted list: "water, land" counts from 0; "3: ice" or "3 ice" names its own slot. */
export function parsedClasses(text: string, known: readonly ModelClass[] = []): ModelClass[] {
  const classes = new Map(known.map((one) => [one.index, one.name]));
  let next = known.reduce((highest, one) => Math.max(highest, one.index + 1), 0);
  for (const part of text.split(/[,;\n\t]+/)) {
    const match = /^(?:(\d+)\s*[:=.)]\s*)?(.+)$/.exec(part.trim());
    if (match?.[2] === undefined) continue;
    const index = match[1] === undefined ? next : Number(match[1]);
    classes.set(index, match[2]);
    next = index + 1;
  }
  return [...classes].map(([index, name]) => ({ index, name })).sort((a, b) => a.index - b.index);
}

/** The class that the next label goes to; `offered`: nobody clicked it, it came after the one that just got its label. */
export interface Chosen {
  readonly index: number;
  readonly offered: boolean;
}

/** After a click on a class: a second click lets go of it, but not the first one on a class that was offered. */
export function clicked(chosen: Chosen | null, index: number): Chosen | null {
  return chosen?.index === index && !chosen.offered ? null : { index, offered: false };
}

/** The next class below one that has no label yet. */
export function nextOffered(classes: readonly ModelClass[], mapping: Mapping, after: number): Chosen | null {
  const at = classes.findIndex((one) => one.index === after);
  const next = classes.slice(at + 1).find((one) => !mapping.has(one.index));
  return next === undefined ? null : { index: next.index, offered: true };
}
