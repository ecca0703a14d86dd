import { type RefObject, useEffect, useState } from "react";
import { type Layout, rowHeight, rowsBetween } from "./layout";

export interface OnScreen {
  /** Rows to draw: from `first` up to but without `last`. */
  readonly first: number;
  readonly last: number;
  /** The page flies by: what is not known yet is not worth loading. */
  readonly fast: boolean;
}

const BEYOND_ROWS = 2;
const FAST_SCREENS_PER_FRAME = 0.4;
const REST_MS = 90;

/** Which rows the window shows, measured once per frame while the page scrolls. */
export function useWindowRows(list: RefObject<HTMLElement | null>, count: number, layout: Layout): OnScreen {
  const [shown, setShown] = useState<OnScreen>({ first: 0, last: 0, fast: false });
  useEffect(() => {
    let frame = 0;
    let rest = 0;
    let before = window.scrollY;
    const look = (fast: boolean): void => {
      const top = -(list.current?.getBoundingClientRect().top ?? 0);
      const rows = rowsBetween(Math.max(0, top), top + window.innerHeight, count, layout, BEYOND_ROWS);
      setShown((now) => (now.first === rows.first && now.last === rows.last && now.fast === fast ? now : { ...rows, fast }));
    };
    const onFrame = (): void => {
      frame = 0;
      const fast = Math.abs(window.scrollY - before) > window.innerHeight * FAST_SCREENS_PER_FRAME;
      before = window.scrollY;
      look(fast);
      window.clearTimeout(rest);
      if (fast) rest = window.setTimeout(() => look(false), REST_MS);
    };
    const ask = (): void => {
      if (frame === 0) frame = requestAnimationFrame(onFrame);
    };
    // What stands above the list changes height (panels open, runs appear), and with it the list's place.
    const observer = new ResizeObserver(ask);
    observer.observe(document.body);
    window.addEventListener("scroll", ask, { passive: true });
    window.addEventListener("resize", ask);
    look(false);
    return () => {
      observer.disconnect();
      window.removeEventListener("scroll", ask);
      window.removeEventListener("resize", ask);
      window.clearTimeout(rest);
      cancelAnimationFrame(frame);
    };
  }, [list, count, layout]);
  return shown;
}

/** Bring a tile's row into the part of the window that nothing covers. */
export function showRow(list: HTMLElement, row: number, layout: Layout, covered: { readonly above_px: number; readonly below_px: number }): void {
  const top = list.getBoundingClientRect().top + row * rowHeight(layout);
  const above = top - covered.above_px;
  const below = top + layout.height_px + covered.below_px - window.innerHeight;
  if (above < 0) window.scrollBy({ top: above });
  else if (below > 0) window.scrollBy({ top: Math.min(below, above) });
}
