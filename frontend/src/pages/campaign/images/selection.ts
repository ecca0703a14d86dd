/** Ids that somebody ticked, and where a range starts. */
export interface Selection {
  ids: ReadonlySet<number>;
  anchor: number | null;
}

export const NO_SELECTION: Selection = { ids: new Set(), anchor: null };

/** Tick or untick one; with `range`, everything between it and the last one ticked. */
export function toggled(selection: Selection, order: readonly number[], id: number, range: boolean): Selection {
  const ids = new Set(selection.ids);
  const from = range && selection.anchor !== null ? order.indexOf(selection.anchor) : -1;
  const to = order.indexOf(id);
  if (from >= 0 && to >= 0) {
    for (const between of order.slice(Math.min(from, to), Math.max(from, to) + 1)) ids.add(between);
    return { ids, anchor: id };
  }
  if (!ids.delete(id)) ids.add(id);
  return { ids, anchor: id };
}
