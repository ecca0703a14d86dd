/** A mask is drawn from its sheet: one for each colour that it was ever seen in. */
import Polygon from "ol/geom/Polygon.js";
import type { State } from "ol/render.js";
import Style from "ol/style/Style.js";
import type { Point } from "../../core/types";
import { flatten } from "../../render/space";
import type { Look, Painter } from "../painter";
import { bounds, columnsOf } from "./geometry";
import type { MaskShape } from "./shape";
import { Sheet } from "./sheet";

const sheets = new WeakMap<MaskShape, Map<string, Sheet>>();
/** Where OpenLayers does not tell how large the canvas is, no canvas is larger than this. */
const LARGEST_CANVAS_PX = 8192;

export function rgbOf(color: string): number {
  return Number.parseInt(color.slice(1, 7), 16);
}

function sheetOf(mask: MaskShape, { color, draft }: Look): Sheet {
  const looks = sheets.get(mask) ?? new Map<string, Sheet>();
  sheets.set(mask, looks);
  const key = `${color}|${draft}`;
  const sheet = looks.get(key) ?? new Sheet(columnsOf(mask), { rgb: rgbOf(color), draft }, bounds(mask));
  looks.set(key, sheet);
  return sheet;
}

/** OpenLayers hands the frame's corners in canvas pixels. */
function drawInto(mask: MaskShape, look: Look, corners: unknown, { context }: State): void {
  const ring = (corners as readonly (readonly Point[])[])[0];
  const [topLeft, , bottomRight] = ring ?? [];
  if (!topLeft || !bottomRight) return;
  const [x0, y0, x1] = bounds(mask);
  const scale = (bottomRight[0] - topLeft[0]) / (x1 - x0);
  const canvas = context.canvas as HTMLCanvasElement | undefined;
  const [across, down] = [canvas?.width ?? LARGEST_CANVAS_PX, canvas?.height ?? LARGEST_CANVAS_PX];
  sheetOf(mask, look).draw(context, { origin: [topLeft[0] - x0 * scale, topLeft[1] - y0 * scale], scale, across, down }, look.emphasis);
}

const painter: Painter<MaskShape> = {
  geometry(mask) {
    const [x0, y0, x1, y1] = bounds(mask);
    if (x1 <= x0 || y1 <= y0) return null;
    const flat = flatten([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]);
    return new Polygon(flat, "XY", [flat.length]);
  },
  style: (mask, look) => new Style({ renderer: (corners, state) => drawInto(mask, look, corners, state) }),
};

export default painter;
