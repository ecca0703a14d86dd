/** Lines that help the eye and belong to no object: the pixel grid, and a frame round the place that was jumped to. */
import VectorLayer from "ol/layer/Vector.js";
import type RenderEvent from "ol/render/Event.js";
import VectorSource from "ol/source/Vector.js";
import { paintPlate } from "../core/plate";
import type { Bounds, Point, Size } from "../core/types";
import { toView } from "./space";

/** Pixels of the image that are at least this large on the page get lines between them. */
export const GRID_FROM_PX = 14;
const FRAME_MARGIN_PX = 6;

export interface Frame {
  readonly bounds: Bounds;
  readonly text: string;
  /** What is meant within the frame, where it is no square. */
  readonly outline?: readonly Point[];
}

export class MarksLayer {
  readonly layer = new VectorLayer({ source: new VectorSource({ useSpatialIndex: false }), updateWhileAnimating: true, updateWhileInteracting: true, zIndex: 25 });
  private size: Size = { width: 1, height: 1 };
  private grid = false;
  private frame: Frame | null = null;

  constructor() {
    this.layer.on("postrender", (event) => this.paint(event));
  }

  setSize(size: Size): void {
    this.size = size;
    this.setFrame(null);
  }

  setGrid(grid: boolean): void {
    this.grid = grid;
    this.layer.changed();
  }

  setFrame(frame: Frame | null): void {
    this.frame = frame;
    this.layer.changed();
  }

  private paint({ context, frameState }: RenderEvent): void {
    if (!frameState?.extent || !(context instanceof CanvasRenderingContext2D)) return;
    const { pixelRatio, coordinateToPixelTransform: [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0], viewState, extent } = frameState;
    const place = (at: Point): Point => {
      const [x = 0, y = 0] = toView(at);
      return [(a * x + c * y + e) * pixelRatio, (b * x + d * y + f) * pixelRatio];
    };
    context.save();
    const [left = 0, bottom = 0, right = 0, top = 0] = extent;
    if (this.grid && 1 / viewState.resolution >= GRID_FROM_PX) paintGrid(context, place, pixelRatio, this.inside([left, -top, right, -bottom]));
    if (this.frame) paintFrame(context, place, pixelRatio, this.frame);
    context.restore();
  }

  /** Whole pixels of the image that are in sight. */
  private inside([left, top, right, bottom]: Bounds): Bounds {
    return [Math.max(0, Math.floor(left)), Math.max(0, Math.floor(top)), Math.min(this.size.width, Math.ceil(right)), Math.min(this.size.height, Math.ceil(bottom))];
  }
}

type Placed = (at: Point) => Point;

/** A light line beside a dark one, so that it is seen on every ground. */
function paintGrid(context: CanvasRenderingContext2D, place: Placed, pixelRatio: number, [left, top, right, bottom]: Bounds): void {
  const [[x0, y0], [x1, y1]] = [place([left, top]), place([right, bottom])];
  context.lineWidth = pixelRatio;
  for (const [color, shift] of [["rgba(0, 0, 0, 0.34)", -0.5], ["rgba(255, 255, 255, 0.3)", 0.5]] as const) {
    context.beginPath();
    for (let x = left; x <= right; x += 1) {
      const at = Math.round(place([x, top])[0]) + shift * pixelRatio;
      context.moveTo(at, y0);
      context.lineTo(at, y1);
    }
    for (let y = top; y <= bottom; y += 1) {
      const at = Math.round(place([left, y])[1]) + shift * pixelRatio;
      context.moveTo(x0, at);
      context.lineTo(x1, at);
    }
    context.strokeStyle = color;
    context.stroke();
  }
}

function paintFrame(context: CanvasRenderingContext2D, place: Placed, pixelRatio: number, { bounds, text, outline = [] }: Frame): void {
  const margin = FRAME_MARGIN_PX * pixelRatio;
  const [[x0, y0], [x1, y1]] = [place([bounds[0], bounds[1]]), place([bounds[2], bounds[3]])];
  const [x, y, width, height] = [x0 - margin, y0 - margin, x1 - x0 + 2 * margin, y1 - y0 + 2 * margin];
  for (const [color, line, dash] of [["rgba(0, 0, 0, 0.6)", 5, []], ["#f7d154", 2.5, [10, 5]]] as const) {
    context.strokeStyle = color;
    context.lineWidth = line * pixelRatio;
    context.setLineDash(dash.map((part) => part * pixelRatio));
    context.strokeRect(x, y, width, height);
    if (outline.length === 0) continue;
    context.setLineDash([]);
    context.beginPath();
    for (const at of outline) context.lineTo(...place(at));
    context.closePath();
    context.stroke();
  }
  // Below: names of objects stand above.
  paintPlate(context, text, [x, y + height + 5 * pixelRatio], pixelRatio);
}
