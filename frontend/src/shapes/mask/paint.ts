/** A mask is painted once into a small canvas in its label's colour, and that is drawn where the mask lies. */
import Polygon from "ol/geom/Polygon.js";
import type { State } from "ol/render.js";
import Style from "ol/style/Style.js";
import type { Point } from "../../core/types";
import type { MaskShape } from "./shape";
import { flatten } from "../../render/space";
import type { Look, Painter } from "../painter";
import { bitmapOf, bounds, type Bitmap } from "./geometry";

const FILL_ALPHA = { plain: 90, hovered: 125, selected: 150 } as const;
const EDGE_ALPHA = 235;
/** A draft's edge is broken: so many pixels on, so many off. */
const DASH_PX = 3;

const painted = new WeakMap<MaskShape, Map<string, HTMLCanvasElement>>();

function channels(color: string): readonly [number, number, number] {
  const value = Number.parseInt(color.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function isEdge({ data, width, height }: Bitmap, x: number, y: number): boolean {
  const inside = (column: number, row: number): boolean => column >= 0 && row >= 0 && column < width && row < height && data[row * width + column] === 1;
  return !inside(x - 1, y) || !inside(x + 1, y) || !inside(x, y - 1) || !inside(x, y + 1);
}

function paint(bitmap: Bitmap, look: Look): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, bitmap.width);
  canvas.height = Math.max(1, bitmap.height);
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  const image = context.createImageData(canvas.width, canvas.height);
  const [red, green, blue] = channels(look.color);
  for (let at = 0; at < bitmap.data.length; at += 1) {
    if (bitmap.data[at] !== 1) continue;
    const [x, y] = [at % bitmap.width, Math.floor(at / bitmap.width)];
    const edge = isEdge(bitmap, x, y) && !(look.draft && Math.floor((x + y) / DASH_PX) % 2 === 1);
    image.data.set([red, green, blue, edge ? EDGE_ALPHA : FILL_ALPHA[look.emphasis]], at * 4);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

function canvasOf(mask: MaskShape, look: Look): HTMLCanvasElement {
  const looks = painted.get(mask) ?? new Map<string, HTMLCanvasElement>();
  painted.set(mask, looks);
  const key = `${look.color}|${look.draft}|${look.emphasis}`;
  const known = looks.get(key) ?? paint(bitmapOf(mask), look);
  looks.set(key, known);
  return known;
}

/** OpenLayers hands the frame's corners in canvas pixels. */
function drawInto(canvas: HTMLCanvasElement, corners: unknown, { context }: State): void {
  const ring = (corners as readonly (readonly Point[])[])[0];
  const [topLeft, , bottomRight] = ring ?? [];
  if (!topLeft || !bottomRight) return;
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, topLeft[0], topLeft[1], bottomRight[0] - topLeft[0], bottomRight[1] - topLeft[1]);
}

const painter: Painter<MaskShape> = {
  geometry(mask) {
    const [x0, y0, x1, y1] = bounds(mask);
    if (x1 <= x0 || y1 <= y0) return null;
    const flat = flatten([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]);
    return new Polygon(flat, "XY", [flat.length]);
  },
  style(mask, look) {
    const canvas = canvasOf(mask, look);
    return new Style({ renderer: (corners, state) => drawInto(canvas, corners, state) });
  },
};

export default painter;
