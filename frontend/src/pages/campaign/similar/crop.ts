/** A part of a picture, as shares of its sides: drawn, moved and resized. All of this is pure. */
export interface Crop {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** Narrower than this, a drag was a click. */
export const LEAST = 0.02;
const STEP = 0.02;
/** What a key begins with where nothing is drawn yet. */
export const MIDDLE: Crop = { x0: 0.25, y0: 0.25, x1: 0.75, y1: 0.75 };

function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** What a drag from one spot to another marks, cut to the picture; null for what is too small to be meant. */
export function dragged(from: Spot, to: Spot): Crop | null {
  const xs = [within(from.x, 0, 1), within(to.x, 0, 1)] as const;
  const ys = [within(from.y, 0, 1), within(to.y, 0, 1)] as const;
  const crop = { x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs), y1: Math.max(...ys) };
  return crop.x1 - crop.x0 < LEAST || crop.y1 - crop.y0 < LEAST ? null : crop;
}

const WAYS: Readonly<Record<string, Spot>> = { ArrowLeft: { x: -STEP, y: 0 }, ArrowRight: { x: STEP, y: 0 }, ArrowUp: { x: 0, y: -STEP }, ArrowDown: { x: 0, y: STEP } };

/** What an arrow key makes of a part: it moves, with Shift its lower right corner does; null for another key. */
export function nudged(crop: Crop, key: string, resize: boolean): Crop | null {
  const way = WAYS[key];
  if (way === undefined) return null;
  if (resize) return { ...crop, x1: within(crop.x1 + way.x, crop.x0 + LEAST, 1), y1: within(crop.y1 + way.y, crop.y0 + LEAST, 1) };
  const dx = within(way.x, -crop.x0, 1 - crop.x1);
  const dy = within(way.y, -crop.y0, 1 - crop.y1);
  return { x0: crop.x0 + dx, y0: crop.y0 + dy, x1: crop.x1 + dx, y1: crop.y1 + dy };
}

/** As the interface takes it: pixels of an image of this size. */
export function inPixels(crop: Crop, width: number, height: number): string {
  return [crop.x0 * width, crop.y0 * height, crop.x1 * width, crop.y1 * height].map((value) => value.toFixed(1)).join(",");
}
