/**
 * A canvas of its own above all layers, for modes that draw by themselves. Painting it again costs what is painted: the
 * layers below need no new frame for it.
 */
import Layer from "ol/layer/Layer.js";
import type { FrameState } from "ol/Map.js";
import type { PaintFrame } from "../core/bench";
import type { Point } from "../core/types";
import { toView } from "./space";

export class PaintCanvas extends Layer {
  private readonly canvas = document.createElement("canvas");
  private frame: FrameState | null = null;
  private painted = false;
  private paint: ((frame: PaintFrame) => void) | undefined;
  private colorOf: (label: number) => string = () => "#9aa0a6";

  constructor(zIndex: number) {
    super({ zIndex });
    this.canvas.className = "ol-layer";
    Object.assign(this.canvas.style, { position: "absolute", left: "0", top: "0", width: "100%", height: "100%", pointerEvents: "none" });
  }

  setColors(colorOf: (label: number) => string): void {
    this.colorOf = colorOf;
  }

  show(paint: ((frame: PaintFrame) => void) | undefined): void {
    this.paint = paint;
    if (this.frame) this.repaint(this.frame);
  }

  override render(frame: FrameState): HTMLElement {
    this.frame = frame;
    const [width, height] = frame.size.map((side) => Math.round(side * frame.pixelRatio)) as [number, number];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.repaint(frame);
    return this.canvas;
  }

  private repaint({ pixelRatio, coordinateToPixelTransform: transform, viewState }: FrameState): void {
    const context = this.canvas.getContext("2d");
    if (!context || (!this.paint && !this.painted)) return;
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.painted = this.paint !== undefined;
    const place = (at: Point): Point => {
      const [x = 0, y = 0] = toView(at);
      const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = transform;
      return [(a * x + c * y + e) * pixelRatio, (b * x + d * y + f) * pixelRatio];
    };
    context.save();
    this.paint?.({ context, place, scale: pixelRatio / viewState.resolution, pixelRatio, colorOf: this.colorOf });
    context.restore();
  }
}
