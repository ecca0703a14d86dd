/** What the smart tool draws over the image: work area, strokes, points, and the outline as it would be. */
import type { PaintFrame } from "../../core/bench";
import type { Bounds, Point, Shape } from "../../core/types";
import { columnsOf } from "../../shapes/mask/geometry";
import type { MaskShape } from "../../shapes/mask/shape";
import { Sheet } from "../../shapes/mask/sheet";
import { areaOf, type PointStep, type Steps, type StrokeStep } from "./marks";

/** Green with a plus, red with a minus: the sign says the same as the colour. */
const POSITIVE = "#1a9850";
const NEGATIVE = "#d73027";
const PREVIEW_RGB = 0x00a3ff;
const AREA = "#ffffff";
const STROKE_ALPHA = 0.55;
const DOT_PX = 7;

/** An outline on its way, painted tile by tile as masks are. */
export class Preview {
  private readonly sheet: Sheet;

  constructor(mask: MaskShape) {
    this.sheet = new Sheet(columnsOf(mask), { rgb: PREVIEW_RGB, draft: true }, [0, 0, mask.size[1], mask.size[0]]);
  }

  draw({ context, place, scale }: PaintFrame): void {
    this.sheet.draw(context, { origin: place([0, 0]), scale, across: context.canvas.width, down: context.canvas.height }, "selected");
  }

  dispose(): void {
    this.sheet.dispose();
  }
}

export function isMask(shape: Shape): shape is MaskShape {
  return shape.type === "mask";
}

export interface Scene {
  readonly steps: Steps;
  /** The work area or the stroke that is being drawn. */
  readonly growing: { readonly area: Bounds | null; readonly stroke: StrokeStep | null };
  readonly brush_px: number;
  readonly preview: Preview | null;
}

export function paintScene(frame: PaintFrame, scene: Scene): void {
  scene.preview?.draw(frame);
  const area = scene.growing.area ?? areaOf(scene.steps);
  if (area) paintArea(frame, area);
  const strokes = [...scene.steps, ...(scene.growing.stroke ? [scene.growing.stroke] : [])];
  for (const step of strokes) {
    if (step.kind === "stroke") paintStroke(frame, step, scene.brush_px);
    else if (step.kind === "point") paintPoint(frame, step);
  }
}

function paintArea({ context, place, pixelRatio }: PaintFrame, [x0, y0, x1, y1]: Bounds): void {
  const [left, top] = place([x0, y0]);
  const [right, bottom] = place([x1, y1]);
  context.lineWidth = 2 * pixelRatio;
  context.strokeStyle = "#000000";
  context.strokeRect(left, top, right - left, bottom - top);
  context.setLineDash([6 * pixelRatio, 4 * pixelRatio]);
  context.strokeStyle = AREA;
  context.strokeRect(left, top, right - left, bottom - top);
  context.setLineDash([]);
}

function paintStroke({ context, place, scale, pixelRatio }: PaintFrame, { points, positive }: StrokeStep, brush_px: number): void {
  const path = points.map(place);
  const color = positive ? POSITIVE : NEGATIVE;
  context.lineJoin = context.lineCap = "round";
  trace(context, path);
  context.globalAlpha = STROKE_ALPHA;
  context.lineWidth = Math.max(2 * pixelRatio, brush_px * scale);
  context.strokeStyle = color;
  context.stroke();
  context.globalAlpha = 1;
  const middle = path[Math.floor(path.length / 2)];
  if (middle) sign(context, middle, positive, color, pixelRatio);
}

function paintPoint({ context, place, pixelRatio }: PaintFrame, { at, positive }: PointStep): void {
  sign(context, place(at), positive, positive ? POSITIVE : NEGATIVE, pixelRatio);
}

function trace(context: CanvasRenderingContext2D, path: readonly Point[]): void {
  context.beginPath();
  path.forEach(([x, y], at) => (at === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  const only = path.length === 1 ? path[0] : undefined;
  if (only) context.lineTo(only[0] + 0.01, only[1]);
}

/** A disc with a plus or a minus. */
function sign(context: CanvasRenderingContext2D, [x, y]: Point, positive: boolean, color: string, pixelRatio: number): void {
  const radius = DOT_PX * pixelRatio;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = color;
  context.fill();
  context.lineWidth = 1.5 * pixelRatio;
  context.strokeStyle = "#ffffff";
  context.stroke();
  context.beginPath();
  context.moveTo(x - radius / 2, y);
  context.lineTo(x + radius / 2, y);
  if (positive) {
    context.moveTo(x, y - radius / 2);
    context.lineTo(x, y + radius / 2);
  }
  context.lineWidth = 2 * pixelRatio;
  context.stroke();
}
