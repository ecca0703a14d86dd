/** A line of text on a dark plate, readable on every picture; in canvas pixels. */
import type { Point } from "./types";

/** Draw it with its upper left corner at a point. */
export function paintPlate(context: CanvasRenderingContext2D, text: string, [x, y]: Point, pixelRatio: number): void {
  const [pad, height] = [6 * pixelRatio, 21 * pixelRatio];
  context.setLineDash([]);
  context.font = `600 ${12 * pixelRatio}px 'Inter Variable', system-ui, sans-serif`;
  context.fillStyle = "rgba(16, 20, 19, 0.86)";
  context.fillRect(x, y, context.measureText(text).width + 2 * pad, height);
  context.fillStyle = "#ffffff";
  context.textBaseline = "middle";
  context.fillText(text, x + pad, y + height / 2);
}
