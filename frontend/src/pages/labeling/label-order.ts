/** The order in which labels are offered: what the image itself is said to be, then what was used last, then what a model guesses, then the rest. */
import type { AnnotationDocument } from "@/core/document";
import { isDraft } from "@/core/review";

export type Why = "image" | "recent" | "guess" | null;

export interface Offer<T> {
  readonly entry: T;
  /** Why it stands where it stands; null for the rest, in the campaign's own order. */
  readonly why: Why;
}

export interface Hints {
  /** Labels of the whole image, in the order in which they were given. */
  readonly image: readonly number[];
  /** Labels given lately, the last one first. */
  readonly recent: readonly number[];
  /** Labels that models draft here, the surest first. */
  readonly guesses: readonly number[];
}

/** What a document says about which labels come next. */
export function hintsOf(document: AnnotationDocument, recent: readonly number[]): Hints {
  const image = new Set<number>();
  const guesses = new Map<number, number>();
  for (const annotation of document.values()) {
    if (isDraft(annotation)) guesses.set(annotation.label, Math.max(guesses.get(annotation.label) ?? 0, annotation.confidence ?? 0));
    else if (annotation.shape.type === "whole") image.add(annotation.label);
  }
  return { image: [...image], recent, guesses: [...guesses].sort((a, b) => b[1] - a[1]).map(([label]) => label) };
}

/** Put labels in the order of the hints. Each stands once, at its first reason; nobody is lost. */
export function ordered<T>(entries: readonly T[], idOf: (entry: T) => number, { image, recent, guesses }: Hints): Offer<T>[] {
  const known = new Map(entries.map((entry) => [idOf(entry), entry]));
  const offers: Offer<T>[] = [];
  const take = (ids: readonly number[], why: Why): void => {
    for (const id of ids) {
      const entry = known.get(id);
      if (entry !== undefined && known.delete(id)) offers.push({ entry, why });
    }
  };
  take(image, "image");
  take(recent, "recent");
  take(guesses, "guess");
  return [...offers, ...[...known.values()].map((entry) => ({ entry, why: null }))];
}

const MOST_RECENT = 9;

/** Remember that a label was given. */
export function remembered(recent: readonly number[], label: number): readonly number[] {
  return recent[0] === label ? recent : [label, ...recent.filter((other) => other !== label)].slice(0, MOST_RECENT);
}

/** How well a name answers to what was typed: 0 begins with it, 1 a word of it does, 2 contains it, 3 has its letters in order; null not at all. */
export function match(name: string, typed: string): number | null {
  const [where, what] = [name.toLocaleLowerCase(), typed.trim().toLocaleLowerCase()];
  if (what === "" || where.startsWith(what)) return 0;
  if (where.split(/[\s_\-/.]+/).some((word) => word.startsWith(what))) return 1;
  if (where.includes(what)) return 2;
  let at = 0;
  for (const letter of where) if (letter === what[at]) at += 1;
  return at === what.length ? 3 : null;
}

/** Keep the names that answer, the best first; names that answer alike stay in their order. */
export function found<T>(entries: readonly T[], nameOf: (entry: T) => string, typed: string): T[] {
  return entries
    .flatMap((entry) => {
      const rank = match(nameOf(entry), typed);
      return rank === null ? [] : [{ entry, rank }];
    })
    .sort((a, b) => a.rank - b.rank)
    .map(({ entry }) => entry);
}
