/** Where tiles lie: equal tiles in rows, so that any of 100,000 places is one multiplication away. */

export interface Layout {
  readonly columns: number;
  /** Of one tile, without the gap. */
  readonly width_px: number;
  readonly height_px: number;
  readonly gap_px: number;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Wish {
  /** So many columns, or as many as tiles of this width fit. */
  readonly columns: number | null;
  readonly tile_px: number;
  readonly caption_px: number;
  readonly gap_px: number;
  /** Height of the picture by its width. */
  readonly aspect: number;
}

export function layoutOf(width_px: number, { columns: wished, tile_px, caption_px, gap_px, aspect }: Wish): Layout {
  const columns = Math.max(wished === null ? 2 : 1, wished ?? Math.floor((width_px + gap_px) / (tile_px + gap_px)));
  const tile = width_px <= 0 ? tile_px : Math.max(40, (width_px - gap_px * (columns - 1)) / columns);
  return { columns, width_px: tile, height_px: Math.round(tile * aspect) + caption_px, gap_px };
}

export function rowsOf(count: number, { columns }: Layout): number {
  return Math.ceil(count / columns);
}

export function rowHeight({ height_px, gap_px }: Layout): number {
  return height_px + gap_px;
}

export function boxOf(index: number, layout: Layout): Box {
  const left = (index % layout.columns) * (layout.width_px + layout.gap_px);
  const top = Math.floor(index / layout.columns) * rowHeight(layout);
  return { left, top, right: left + layout.width_px, bottom: top + layout.height_px };
}

/** The rows that a window from `top_px` to `bottom_px` shows, and some beyond; `last` is the first that is not. */
export function rowsBetween(top_px: number, bottom_px: number, count: number, layout: Layout, beyond: number): { first: number; last: number } {
  const rows = rowsOf(count, layout);
  const first = Math.max(0, Math.floor(top_px / rowHeight(layout)) - beyond);
  const last = Math.min(rows, Math.ceil(bottom_px / rowHeight(layout)) + beyond);
  return { first: Math.min(first, Math.max(0, rows - 1)), last: Math.max(last, 0) };
}

/** The tiles of the rows that a stretch touches: the only ones that a lasso over it can catch. */
export function indicesBetween(top_px: number, bottom_px: number, count: number, layout: Layout): { first: number; last: number } {
  const { first, last } = rowsBetween(top_px, bottom_px, count, layout, 0);
  return { first: first * layout.columns, last: Math.min(count, last * layout.columns) };
}

/** Where a key leads from a tile; null for keys that lead nowhere. */
export function moved(index: number, key: string, count: number, columns: number, rowsOnScreen: number): number | null {
  const last = count - 1;
  const down = (rows: number): number => {
    const next = index + rows * columns;
    // The last row may be short: from above its gap, the way down ends at its last tile.
    if (next > last) return Math.floor(index / columns) === Math.floor(last / columns) ? index : last;
    return next < 0 ? index % columns : next;
  };
  switch (key) {
    case "ArrowLeft":
      return Math.max(0, index - 1);
    case "ArrowRight":
      return Math.min(last, index + 1);
    case "ArrowUp":
      return down(-1);
    case "ArrowDown":
      return down(1);
    case "PageUp":
      return down(-Math.max(1, rowsOnScreen));
    case "PageDown":
      return down(Math.max(1, rowsOnScreen));
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}
