/**
 * A seam for browser tests: where a place of the image is on the page, so that tests use a real mouse.
 * It reads; it changes nothing.
 */
import type { Viewer } from "@/render/viewer";
import type { Desk } from "./desk";

interface TestSeam {
  /** Pixel space to client coordinates; null before the first frame. */
  toScreen(x: number, y: number): readonly [number, number] | null;
  /** The image on the desk, once it can be worked on. */
  image(): { readonly id: number; readonly name: string; readonly width: number; readonly height: number } | null;
  /** The image whose picture was painted completely last, and when: milliseconds of `performance.now()`. */
  painted(): { readonly id: number; readonly at_ms: number } | null;
  /** Comes when every tile in sight is there and drawn. */
  settled(): Promise<void>;
  /** What is in sight, in pixel space: left, top, right, bottom. */
  inSight(): readonly [number, number, number, number];
  /** The annotations as the page has them now. */
  annotations(): readonly unknown[];
}

declare global {
  interface Window {
    __winnow?: TestSeam;
  }
}

export function exposeToTests(viewer: Viewer, desk: Desk): () => void {
  let painted: { readonly id: number; readonly at_ms: number } | null = null;
  const notePainted = (): void => {
    const workspace = desk.onDesk();
    if (workspace && painted?.id !== workspace.image.id && viewer.isShowing(workspace.session)) painted = { id: workspace.image.id, at_ms: performance.now() };
  };
  viewer.map.on("rendercomplete", notePainted);
  window.__winnow = {
    painted: () => painted,
    settled: () =>
      new Promise((resolve) => {
        viewer.map.once("rendercomplete", () => resolve());
        viewer.map.render();
      }),
    inSight: () => viewer.sightStore.getState().bounds,
    toScreen: (x, y) => viewer.toScreen([x, y]),
    image: () => {
      const image = desk.onDesk()?.image;
      return image ? { id: image.id, name: image.name, width: image.width, height: image.height } : null;
    },
    annotations: () => [...(desk.onDesk()?.session.document().values() ?? [])],
  };
  return () => {
    viewer.map.un("rendercomplete", notePainted);
    delete window.__winnow;
  };
}
