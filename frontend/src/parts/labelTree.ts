/** Labels under labels, as a list that shows the tree. Pure. */
import type { Label } from "@/api/types";

export interface Branch {
  readonly label: Label;
  readonly depth: number;
}

type Under = Pick<Label, "id" | "parent">;

/** Each label below its parent, in the campaign's order; one whose parents stand in a circle or are gone begins a tree. */
export function branches(labels: readonly Label[]): Branch[] {
  const known = new Set(labels.map(({ id }) => id));
  const children = new Map<number | null, Label[]>();
  for (const label of labels) {
    const parent = label.parent !== null && label.parent !== undefined && known.has(label.parent) ? label.parent : null;
    children.set(parent, [...(children.get(parent) ?? []), label]);
  }
  const found: Branch[] = [];
  const seen = new Set<number>();
  const walk = (label: Label, depth: number): void => {
    if (seen.has(label.id)) return;
    seen.add(label.id);
    found.push({ label, depth });
    for (const child of children.get(label.id) ?? []) walk(child, depth + 1);
  };
  for (const label of children.get(null) ?? []) walk(label, 0);
  for (const label of labels) walk(label, 0);
  return found;
}

/** Labels that another may stand under: all but itself and what stands under it. */
export function possibleParents<T extends Under>(labels: readonly T[], label: number): T[] {
  const below = new Set([label]);
  for (let size = 0; size !== below.size; ) {
    size = below.size;
    for (const one of labels) if (one.parent !== null && one.parent !== undefined && below.has(one.parent)) below.add(one.id);
  }
  return labels.filter(({ id }) => !below.has(id));
}
