import type { Label, ModelClass } from "@/api/types";

/** Which label each class stands for, by class index; absent means: not provided. */
export type Mapping = ReadonlyMap<number, number>;

/** Names as people mean them: case, separators and accents do not count. */
export function plainName(name: string): string {
  return name.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll(/[\s_\-./]+/g, " ").trim();
}

/** Classes matched with labels of the same name; what is mapped already stays. */
export function autoMatched(classes: readonly ModelClass[], labels: readonly Label[], known: Mapping = new Map()): Map<number, number> {
  const byName = new Map(labels.map((label) => [plainName(label.name), label.id]));
  const mapping = new Map(known);
  for (const one of classes) {
    const label = byName.get(plainName(one.name));
    if (label !== undefined && !mapping.has(one.index)) mapping.set(one.index, label);
  }
  return mapping;
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
