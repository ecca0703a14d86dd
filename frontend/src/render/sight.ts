/** What of the image is in sight, and where the pointer is: for the panels that tell it. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type OlMap from "ol/Map.js";
import type { Bounds, Point } from "../core/types";
import { toImage } from "./space";

export interface Sight {
  /** In image pixels; it reaches beyond the image where that does not fill the canvas. */
  readonly bounds: Bounds;
  /** Image pixels in one pixel of the page. */
  readonly resolution: number;
  /** Null when the pointer is elsewhere. */
  readonly at: Point | null;
}

export function watchSight(map: OlMap, viewport: HTMLElement): StoreApi<Sight> {
  const store = createStore<Sight>(() => ({ bounds: [0, 0, 1, 1], resolution: 1, at: null }));
  let pixel: readonly [number, number] | null = null;
  const pointed = (): Point | null => {
    const coordinate = pixel && (map.getCoordinateFromPixel([...pixel]) as number[] | null);
    return coordinate && toImage(coordinate);
  };
  map.on("postrender", ({ frameState }) => {
    if (!frameState?.extent) return;
    const [left = 0, bottom = 0, right = 1, top = 1] = frameState.extent;
    const before = store.getState();
    const bounds: Bounds = [left, -top, right, -bottom];
    if (bounds.some((side, at) => side !== before.bounds[at])) store.setState({ bounds, resolution: frameState.viewState.resolution, at: pointed() });
  });
  viewport.addEventListener("pointermove", (event) => {
    const frame = viewport.getBoundingClientRect();
    pixel = [event.clientX - frame.left, event.clientY - frame.top];
    store.setState({ at: pointed() });
  });
  viewport.addEventListener("pointerleave", () => {
    pixel = null;
    store.setState({ at: null });
  });
  return store;
}
