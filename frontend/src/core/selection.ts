/** Which annotations are meant by the next command: ids, the last one leads. */

export type Selection = readonly string[];

export const NOTHING: Selection = [];

export function toggled(selection: Selection, id: string): Selection {
  return selection.includes(id) ? selection.filter((other) => other !== id) : [...selection, id];
}

/** Forget what no longer exists; the same selection comes back when all of it does. */
export function among(selection: Selection, exists: (id: string) => boolean): Selection {
  return selection.every(exists) ? selection : selection.filter(exists);
}

/**
 * Walk to the next or previous of `order`; from nothing to the first or the last.
 * Past either end the answer is null, so that Tab can leave the canvas.
 */
export function neighbour(order: readonly string[], from: string | undefined, step: 1 | -1): string | null {
  const index = from === undefined ? -1 : order.indexOf(from);
  if (index === -1) return order.at(step === 1 ? 0 : -1) ?? null;
  const next = index + step;
  return next < 0 ? null : (order[next] ?? null);
}
