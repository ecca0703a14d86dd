/** Which images are chosen: ids, so that paging, scrolling and other filters leave them alone. All of this is pure. */
export interface Selection {
  readonly ids: ReadonlySet<number>;
  /** Where a range starts. */
  readonly anchor: number | null;
}

export const NO_SELECTION: Selection = { ids: new Set(), anchor: null };

/** Choose one alone, as a plain click does. */
export function only(id: number): Selection {
  return { ids: new Set([id]), anchor: id };
}

/** Choose one more, or let it go, as a click with Ctrl does. */
export function toggled({ ids }: Selection, id: number): Selection {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return { ids: next, anchor: id };
}

/** Everything between the anchor and one image in the order that is shown; `keep` holds on to what was chosen before. */
export function ranged(selection: Selection, order: readonly number[], to: number, keep: boolean): Selection {
  const from = selection.anchor === null ? -1 : order.indexOf(selection.anchor);
  const end = order.indexOf(to);
  if (end === -1) return selection;
  if (from === -1) return { ids: new Set(keep ? [...selection.ids, to] : [to]), anchor: to };
  const between = order.slice(Math.min(from, end), Math.max(from, end) + 1);
  return { ids: new Set(keep ? [...selection.ids, ...between] : between), anchor: selection.anchor };
}

export function united({ ids, anchor }: Selection, more: Iterable<number>): Selection {
  return { ids: new Set([...ids, ...more]), anchor };
}

export function without({ ids, anchor }: Selection, gone: Iterable<number>): Selection {
  const next = new Set(ids);
  for (const id of gone) next.delete(id);
  return { ids: next, anchor: anchor !== null && !next.has(anchor) ? null : anchor };
}

export function intersected({ ids, anchor }: Selection, kept: Iterable<number>): Selection {
  const next = new Set([...kept].filter((id) => ids.has(id)));
  return { ids: next, anchor: anchor !== null && !next.has(anchor) ? null : anchor };
}

/** Turn round what is shown; what the filter hides stays as it is, since nobody sees it turn. */
export function inverted({ ids, anchor }: Selection, order: readonly number[]): Selection {
  const next = new Set(ids);
  for (const id of order) if (!next.delete(id)) next.add(id);
  return { ids: next, anchor: anchor !== null && !next.has(anchor) ? null : anchor };
}

/** How many chosen images the filter does not show. */
export function outside({ ids }: Selection, shown: ReadonlyMap<number, unknown>): number {
  let count = 0;
  for (const id of ids) if (!shown.has(id)) count += 1;
  return count;
}

/** The chosen ids in the order that is shown, those out of sight last. */
export function inOrder({ ids }: Selection, order: readonly number[]): number[] {
  const seen = order.filter((id) => ids.has(id));
  if (seen.length === ids.size) return seen;
  const shown = new Set(seen);
  return [...seen, ...[...ids].filter((id) => !shown.has(id)).sort((a, b) => a - b)];
}
