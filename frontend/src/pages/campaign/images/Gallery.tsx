import { useElementSize, useMergedRef } from "@mantine/hooks";
import { type KeyboardEvent, type MouseEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Label } from "@/api/types";
import classes from "./Gallery.module.css";
import type { Shape } from "./lasso";
import { layoutOf, moved, rowHeight, rowsOf, type Wish } from "./layout";
import type { Rows } from "./rows";
import { only, ranged, type Selection, toggled, united } from "./selection";
import type { Look } from "./store";
import { Tile } from "./Tile";
import { useLasso } from "./useLasso";
import { showRow, useWindowRows } from "./useWindowRows";

const COVERED = { above_px: 120, below_px: 90 };

const WISHES: Record<Look, Wish> = {
  gallery: { columns: null, tile_px: 176, caption_px: 58, gap_px: 14, aspect: 0.74 },
  grid: { columns: 4, tile_px: 240, caption_px: 58, gap_px: 12, aspect: 0.78 },
};

/** What is done to one image, from wherever in its tile. */
export interface TileActions {
  open(id: number): void;
  menu(id: number, at: { x: number; y: number }): void;
  unlabel(id: number, label: number): void;
  makeDefault(id: number, label: number): void;
}

export interface GalleryProps {
  campaign: number;
  ids: readonly number[];
  places: ReadonlyMap<number, number>;
  rows: Rows;
  labels: readonly Label[];
  look: Look;
  columns: number;
  lasso: Shape;
  mayLabel: boolean;
  selection: Selection;
  onSelect: (change: (now: Selection) => Selection) => void;
  /** The image that the keys belong to. */
  focus: number | null;
  onFocus: (id: number) => void;
  actions: TileActions;
  /** Keys of the look that is on; true when one was used. */
  onKey: (event: KeyboardEvent, id: number) => boolean;
}

/** Images as a grid that a screen reader, a mouse and the arrow keys all know: only rows near the window exist. */
export function Gallery(props: GalleryProps) {
  const { campaign, ids, places, rows, labels, look, columns, lasso, mayLabel, selection, onSelect, focus, onFocus, actions, onKey } = props;
  const { t } = useTranslation();
  const { ref: sizeRef, width } = useElementSize();
  const list = useRef<HTMLDivElement>(null);
  const outline = useRef<SVGPathElement>(null);
  const merged = useMergedRef(sizeRef, list);
  const layout = useMemo(() => layoutOf(width, look === "grid" ? { ...WISHES.grid, columns } : WISHES.gallery), [width, look, columns]);
  const { first, last, fast } = useWindowRows(list, ids.length, layout);
  const byId = useMemo(() => new Map(labels.map((label) => [label.id, label])), [labels]);
  const at = focus === null ? 0 : (places.get(focus) ?? 0);
  const focusRow = Math.floor(at / layout.columns);
  const shown = useMemo(() => {
    const numbers = Array.from({ length: Math.max(0, last - first) }, (_, row) => first + row);
    // The row that holds the focus stays, however far the page scrolls: otherwise the keys would belong to nobody.
    return ids.length === 0 || numbers.includes(focusRow) ? numbers : [...numbers, focusRow].toSorted((a, b) => a - b);
  }, [first, last, focusRow, ids.length]);

  useEffect(() => {
    if (!fast) rows.want(ids.slice(first * layout.columns, last * layout.columns));
  }, [rows, ids, first, last, fast, layout.columns]);

  const wasDrawn = useLasso(list, outline, {
    shape: lasso,
    count: ids.length,
    layout,
    onCatch: useCaught(ids, selection, onSelect),
  });
  useFocusOnMove(list, focus, at, focusRow, layout);
  useFocusOnOpen(list, look === "grid" && width > 0, ids[at], onFocus);

  const press = (event: MouseEvent): void => {
    if (wasDrawn()) return;
    const { id, act, label } = targetOf(event.target);
    if (id === null) return;
    onFocus(id);
    if (act === "unlabel" && label !== null) return actions.unlabel(id, label);
    if (act === "default" && label !== null) return actions.makeDefault(id, label);
    if (act === "menu") return actions.menu(id, placeOf(event));
    if (act === "link") return undefined;
    const more = event.ctrlKey || event.metaKey || act === "check" || ("pointerType" in event.nativeEvent && event.nativeEvent.pointerType === "touch");
    return onSelect((now) => (event.shiftKey ? ranged(now, ids, id, more) : more ? toggled(now, id) : only(id)));
  };

  const key = (event: KeyboardEvent): void => {
    const { id, act } = targetOf(event.target);
    const inControl = act !== null;
    if (id === null || event.altKey || (inControl && event.key !== "Escape" && !event.key.startsWith("Arrow") && !event.ctrlKey && !event.metaKey)) return;
    if (onKey(event, id)) return event.preventDefault();
    if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
      event.preventDefault();
      return actions.menu(id, placeOf(event));
    }
    const to = event.ctrlKey || event.metaKey ? null : moved(places.get(id) ?? 0, event.key, ids.length, layout.columns, Math.floor((window.innerHeight - COVERED.above_px - COVERED.below_px) / rowHeight(layout)));
    const next = to === null ? undefined : ids[to];
    if (next === undefined) return undefined;
    event.preventDefault();
    onFocus(next);
    if (event.shiftKey) onSelect((now) => ranged(now.anchor === null ? only(id) : now, ids, next, false));
    return undefined;
  };

  return (
    <div
      ref={merged}
      className={classes["list"]}
      style={{ height: Math.max(rowsOf(ids.length, layout) * rowHeight(layout), 1) }}
      role="grid"
      aria-label={t("gallery.images")}
      aria-rowcount={rowsOf(ids.length, layout)}
      aria-colcount={layout.columns}
      aria-multiselectable="true"
      onClick={press}
      onDoubleClick={(event) => {
        const { id, act } = targetOf(event.target);
        if (id !== null && act === null) actions.open(id);
      }}
      onContextMenu={(event) => {
        const { id } = targetOf(event.target);
        if (id === null) return;
        event.preventDefault();
        onFocus(id);
        actions.menu(id, placeOf(event));
      }}
      onKeyDown={key}
      onFocus={(event) => {
        const { id } = targetOf(event.target);
        if (id !== null && id !== focus) onFocus(id);
      }}
      data-testid="gallery"
      data-columns={layout.columns}
    >
      {shown.map((row) => (
        <div
          key={row}
          role="row"
          aria-rowindex={row + 1}
          className={classes["row"]}
          style={{ gridTemplateColumns: `repeat(${layout.columns}, minmax(0, 1fr))`, gap: layout.gap_px, height: layout.height_px, transform: `translateY(${row * rowHeight(layout)}px)` }}
        >
          {ids.slice(row * layout.columns, (row + 1) * layout.columns).map((id, column) => (
            <Tile
              key={id}
              id={id}
              campaign={campaign}
              rows={rows}
              labels={byId}
              look={look}
              selected={selection.ids.has(id)}
              active={row * layout.columns + column === at}
              column={column}
              fast={fast}
              mayLabel={mayLabel}
              width_px={layout.width_px}
            />
          ))}
        </div>
      ))}
      <svg className={classes["lasso"]} aria-hidden="true">
        <path ref={outline} data-testid="lasso" />
      </svg>
    </div>
  );
}

interface Target {
  id: number | null;
  act: string | null;
  label: number | null;
}

/** Which image, and which control of it, an event is about. */
function targetOf(target: EventTarget): Target {
  const element = target instanceof Element ? target : null;
  const cell = element?.closest<HTMLElement>("[data-image]");
  const control = element?.closest<HTMLElement>("[data-act], a, button");
  const label = control?.dataset["label"];
  return {
    id: cell === null || cell === undefined ? null : Number(cell.dataset["image"]),
    act: control === null || control === undefined ? null : (control.dataset["act"] ?? "link"),
    label: label === undefined ? null : Number(label),
  };
}

/** Where a menu opens: at the pointer, or at the tile when a key asked for it. */
function placeOf(event: MouseEvent | KeyboardEvent): { x: number; y: number } {
  if ("clientX" in event && (event.clientX !== 0 || event.clientY !== 0)) return { x: event.clientX, y: event.clientY };
  const box = (event.target as Element).getBoundingClientRect();
  return { x: box.left + 24, y: box.top + 24 };
}

/** What a lasso catches joins what was chosen when it began, or takes its place. */
function useCaught(ids: readonly number[], selection: Selection, onSelect: GalleryProps["onSelect"]): (indices: readonly number[], keep: boolean) => void {
  const before = useRef<Selection | null>(null);
  const last = useRef("");
  const latest = useRef({ ids, selection, onSelect });
  latest.current = { ids, selection, onSelect };
  useEffect(() => {
    const forget = (): void => {
      before.current = null;
      last.current = "";
    };
    window.addEventListener("pointerdown", forget, true);
    return () => window.removeEventListener("pointerdown", forget, true);
  }, []);
  return useCallback((indices, keep) => {
    const now = latest.current;
    before.current ??= now.selection;
    const start = before.current;
    const found = indices.flatMap((index) => now.ids[index] ?? []);
    const mark = found.join();
    if (mark === last.current) return;
    last.current = mark;
    const anchor = found[0] ?? null;
    now.onSelect(() => (keep ? united({ ...start, anchor: start.anchor ?? anchor }, found) : { ids: new Set(found), anchor }));
  }, []);
}

/** The keyboard grid is there to be typed at: as it opens it takes the focus, unless somebody is at a control by keyboard. */
function useFocusOnOpen(list: React.RefObject<HTMLElement | null>, isOpen: boolean, id: number | undefined, onFocus: (id: number) => void): void {
  const opened = useRef(false);
  useEffect(() => {
    if (!isOpen || id === undefined) {
      opened.current = isOpen && opened.current;
      return;
    }
    if (opened.current) return;
    opened.current = true;
    const active = document.activeElement;
    const isBusy = active !== null && active !== document.body && active.matches(":focus-visible") && active.closest("[data-testid=look]") === null;
    if (isBusy) return;
    onFocus(id);
    list.current?.querySelector<HTMLElement>(`[data-image="${id}"]`)?.focus({ preventScroll: true });
  }, [list, isOpen, id, onFocus]);
}

/** The keyboard's focus goes where the grid's focus goes, once its tile exists. */
function useFocusOnMove(list: React.RefObject<HTMLElement | null>, focus: number | null, at: number, row: number, layout: ReturnType<typeof layoutOf>): void {
  const latest = useRef(layout);
  latest.current = layout;
  useLayoutEffect(() => {
    const element = list.current;
    if (element === null || focus === null || !element.contains(document.activeElement)) return;
    const cell = element.querySelector<HTMLElement>(`[data-image="${focus}"]`);
    if (cell === null || cell.contains(document.activeElement)) return;
    cell.focus({ preventScroll: true });
    showRow(element, row, latest.current, COVERED);
  }, [list, focus, at, row]);
}
