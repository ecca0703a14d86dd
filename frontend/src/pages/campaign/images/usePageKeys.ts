import { useEffect, useRef } from "react";

interface PageKeys {
  all: () => void;
  invert: () => void;
  none: () => void;
  undo: () => void;
}

/** Whether a key belongs to a field or to something that is open over the page. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  const inField = target?.closest("input:not([type=checkbox]):not([type=radio]), textarea, [contenteditable=true]") !== null;
  return event.defaultPrevented || inField || target?.closest("[role=dialog], [role=menu], [role=listbox]") !== null;
}

/** Ctrl+A, Ctrl+I, Ctrl+Z and Escape, wherever on the page the focus is. */
export function usePageKeys(actions: PageKeys): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (isTaken(event)) return;
      const held = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      const { all, invert, none, undo } = latest.current;
      if (held && key === "a") all();
      else if (held && key === "i") invert();
      else if (held && key === "z" && !event.shiftKey) undo();
      else if (!held && key === "escape") none();
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
