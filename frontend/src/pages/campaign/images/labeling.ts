/** What a labeling does to the labels of an image: the page shows it at once, the server does the same. Pure. */

import type { WholeLabel } from "@/api/gallery";

export type { WholeLabel };

export interface Operation {
  readonly add: readonly number[];
  readonly remove: readonly number[];
  readonly default: number | null;
  /** Becomes the default of every image that has it. */
  readonly default_for_having: number | null;
  /** Hand the sets in, so that the images count as labeled. */
  readonly submit: boolean;
}

export const NO_OPERATION: Operation = { add: [], remove: [], default: null, default_for_having: null, submit: false };

export function operation(change: Partial<Operation>): Operation {
  return { ...NO_OPERATION, ...change };
}

export function sameOperation(a: Operation, b: Operation): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function has(labels: readonly WholeLabel[], label: number): boolean {
  return labels.some((one) => one.label === label);
}

/**
 * What somebody means by pressing + once more: a label that all of the images have already becomes their default.
 * Images that are not known here are the server's to judge, by the same rule.
 */
export function meant(asked: Operation, images: readonly (readonly WholeLabel[] | undefined)[]): Operation {
  const [label, ...others] = asked.add;
  const alone = label !== undefined && others.length === 0 && asked.remove.length === 0 && asked.default === null;
  return alone && images.every((labels) => labels !== undefined && has(labels, label)) ? { ...asked, default: label } : asked;
}

/** The labels after a labeling. One label per image: adding replaces. */
export function labeled(labels: readonly WholeLabel[], { add, remove, default: chosen, default_for_having: having }: Operation, multi: boolean): WholeLabel[] {
  let next = labels.filter(({ label }) => !remove.includes(label));
  for (const label of chosen === null ? add : [...add, chosen]) {
    const known = next.find((one) => one.label === label) ?? { label, default: false };
    next = multi ? [...next.filter((one) => one !== known), known] : [known];
  }
  const marked = chosen ?? having;
  if (marked !== null && has(next, marked)) next = next.map(({ label }) => ({ label, default: label === marked }));
  return next.toSorted((a, b) => a.label - b.label);
}
