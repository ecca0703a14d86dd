import { type RefObject, useEffect, useRef } from "react";
import { boxAround, caught, type Place, type Shape } from "./lasso";
import type { Layout } from "./layout";

interface Lasso {
  readonly shape: Shape;
  readonly count: number;
  readonly layout: Layout;
  /** Called while it is drawn; `keep` holds on to what was chosen before. */
  readonly onCatch: (indices: readonly number[], keep: boolean) => void;
}

const STARTS_AFTER_PX = 6;
const EDGE_PX = 48;
const EDGE_SPEED_PX = 16;

function pathOf(shape: Shape, places: readonly Place[]): string {
  if (shape === "loop") return `M${places.map((place) => place.join(" ")).join("L")}Z`;
  const { left, top, right, bottom } = boxAround(places);
  return `M${left} ${top}H${right}V${bottom}H${left}Z`;
}

/**
 * Draw a lasso over the list with a mouse or a pen: it catches while it grows, and the page scrolls along at the edges.
 * Drawn past React, one attribute a frame. Returns whether the last click was the end of a lasso, and so no click.
 */
export function useLasso(list: RefObject<HTMLElement | null>, outline: RefObject<SVGPathElement | null>, lasso: Lasso): () => boolean {
  const latest = useRef(lasso);
  latest.current = lasso;
  const drawn = useRef(false);
  useEffect(() => {
    const element = list.current;
    if (element === null) return undefined;
    let places: Place[] = [];
    let pointer: { id: number; x: number; y: number; keep: boolean } | null = null;
    let frame = 0;
    const placeOf = (x: number, y: number): Place => {
      const { left, top } = element.getBoundingClientRect();
      return [Math.round(x - left), Math.round(y - top)];
    };
    const draw = (): void => {
      frame = 0;
      if (pointer === null || !drawn.current) return;
      const { shape, count, layout, onCatch } = latest.current;
      const next = placeOf(pointer.x, pointer.y);
      const [first] = places;
      places = shape === "rectangle" && first !== undefined ? [first, next] : [...places, next];
      outline.current?.setAttribute("d", pathOf(shape, places));
      onCatch(caught(shape, places, count, layout), pointer.keep);
      const atTop = pointer.y < EDGE_PX && window.scrollY > 0;
      const atBottom = pointer.y > window.innerHeight - EDGE_PX;
      if (atTop || atBottom) {
        window.scrollBy({ top: atTop ? -EDGE_SPEED_PX : EDGE_SPEED_PX, behavior: "instant" });
        frame = requestAnimationFrame(draw);
      }
    };
    const move = (event: PointerEvent): void => {
      if (pointer?.id !== event.pointerId) return;
      const [first] = places;
      const here = placeOf(event.clientX, event.clientY);
      if (!drawn.current && first !== undefined && Math.hypot(here[0] - first[0], here[1] - first[1]) < STARTS_AFTER_PX) return;
      if (!drawn.current) {
        drawn.current = true;
        element.setPointerCapture(event.pointerId);
      }
      pointer = { ...pointer, x: event.clientX, y: event.clientY };
      event.preventDefault();
      if (frame === 0) frame = requestAnimationFrame(draw);
    };
    const end = (event: PointerEvent): void => {
      if (pointer?.id !== event.pointerId) return;
      if (frame !== 0) cancelAnimationFrame(frame);
      draw();
      cancelAnimationFrame(frame);
      frame = 0;
      pointer = null;
      outline.current?.setAttribute("d", "");
    };
    const start = (event: PointerEvent): void => {
      drawn.current = false;
      const inControl = event.target instanceof Element && event.target.closest("button, input, a") !== null;
      if (event.button !== 0 || event.pointerType === "touch" || inControl) return;
      places = [placeOf(event.clientX, event.clientY)];
      pointer = { id: event.pointerId, x: event.clientX, y: event.clientY, keep: event.ctrlKey || event.metaKey || event.shiftKey };
    };
    element.addEventListener("pointerdown", start);
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", end);
    element.addEventListener("pointercancel", end);
    return () => {
      element.removeEventListener("pointerdown", start);
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", end);
      element.removeEventListener("pointercancel", end);
      cancelAnimationFrame(frame);
    };
  }, [list, outline]);
  return () => drawn.current;
}
