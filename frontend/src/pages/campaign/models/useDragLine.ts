import { type PointerEvent, type RefObject, useRef, useState } from "react";

/** Far enough to be meant as a drag, not as a click (px). */
const MEANT_PX = 6;

export interface Dragged {
  classIndex: number;
  /** Where the pointer is, in px from the left and the top of the mapper's grid. */
  x: number;
  y: number;
}

/** Drag a line from a class to a label with mouse, pen or finger; the keyboard has another way. */
export function useDragLine(grid: RefObject<HTMLElement | null>, onDrop: (classIndex: number, label: number) => void) {
  const [dragged, setDragged] = useState<Dragged | null>(null);
  const from = useRef<{ classIndex: number; x: number; y: number } | null>(null);
  const moved = useRef(false);

  const start = (classIndex: number) => (event: PointerEvent) => {
    if (event.button !== 0) return;
    from.current = { classIndex, x: event.clientX, y: event.clientY };
    moved.current = false;
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent) => {
    const begun = from.current;
    const box = grid.current?.getBoundingClientRect();
    if (begun === null || box === undefined) return;
    if (!moved.current && Math.hypot(event.clientX - begun.x, event.clientY - begun.y) < MEANT_PX) return;
    moved.current = true;
    setDragged({ classIndex: begun.classIndex, x: event.clientX - box.left, y: event.clientY - box.top });
  };
  const end = (event: PointerEvent) => {
    const begun = from.current;
    from.current = null;
    setDragged(null);
    if (begun === null || !moved.current) return;
    const target = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>("[data-label]");
    const label = Number(target?.dataset["label"]);
    if (Number.isInteger(label) && label > 0 && grid.current?.contains(target ?? null) === true) onDrop(begun.classIndex, label);
  };
  const cancel = () => {
    from.current = null;
    setDragged(null);
  };
  /** Whether the click that follows belongs to a drag. */
  const wasDrag = () => {
    const was = moved.current;
    moved.current = false;
    return was;
  };
  return { dragged, wasDrag, handlers: (classIndex: number) => ({ onPointerDown: start(classIndex), onPointerMove: move, onPointerUp: end, onPointerCancel: cancel }) };
}
