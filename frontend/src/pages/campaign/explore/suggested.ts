/** Suggestions by label: how many are sure enough, and what accepting them asks of the server. Pure. */
import type { Suggestion } from "@/api/likeness";

export interface Suggested {
  readonly label: number;
  /** The surest first. */
  readonly suggestions: readonly Suggestion[];
}

/** Group what is sure enough and was not left out by label, the label with the most first. */
export function byLabel(all: readonly Suggestion[], least: number, out: ReadonlySet<string>): Suggested[] {
  const groups = new Map<number, Suggestion[]>();
  for (const one of all) {
    if (one.confidence < least || out.has(keyOf(one))) continue;
    groups.set(one.label, [...(groups.get(one.label) ?? []), one]);
  }
  return [...groups].map(([label, suggestions]) => ({ label, suggestions })).sort((a, b) => b.suggestions.length - a.suggestions.length || a.label - b.label);
}

export function keyOf({ image, label }: Pick<Suggestion, "image" | "label">): string {
  return `${image} ${label}`;
}
