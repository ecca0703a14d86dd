/** What a mode draws over the shapes: the growing sketch and the handles. */
import Feature from "ol/Feature.js";
import type Geometry from "ol/geom/Geometry.js";
import LineString from "ol/geom/LineString.js";
import OlPoint from "ol/geom/Point.js";
import VectorLayer from "ol/layer/Vector.js";
import type RenderEvent from "ol/render/Event.js";
import VectorSource from "ol/source/Vector.js";
import type { Overlay } from "../core/bench";
import type { Handle } from "../core/kinds";
import type { Point } from "../core/types";
import { flatten, toView } from "./space";
import { DOT_STYLE, handleStyle, SKETCH_STYLES } from "./styles";

export class OverlayLayer {
  readonly layer: VectorLayer;
  private readonly source = new VectorSource<Feature<Geometry>>({ useSpatialIndex: false });
  private shown: Overlay | null = null;

  constructor() {
    this.layer = new VectorLayer({ source: this.source, updateWhileAnimating: true, updateWhileInteracting: true, zIndex: 30 });
    this.layer.on("postrender", (event) => this.paint(event));
  }

  sync(overlay: Overlay): void {
    if (overlay === this.shown) return;
    const paints = overlay.paint !== undefined || this.shown?.paint !== undefined;
    this.shown = overlay;
    if (paints) this.layer.changed();
    this.source.clear(true);
    const sketch = overlay.sketch ? [...overlay.sketch.lines.map(lineFeature), ...overlay.sketch.dots.map(dotFeature)] : [];
    this.source.addFeatures([...sketch, ...overlay.handles.map((handle) => handleFeature(handle, handle.key === overlay.activeHandle))]);
  }

  /** Let the mode draw on the canvas of this frame, in whole image coordinates. */
  private paint({ context, frameState }: RenderEvent): void {
    const paint = this.shown?.paint;
    if (!paint || !frameState || !(context instanceof CanvasRenderingContext2D)) return;
    const { pixelRatio, coordinateToPixelTransform: transform, viewState } = frameState;
    const place = (at: Point): Point => {
      const [x = 0, y = 0] = toView(at);
      const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = transform;
      return [(a * x + c * y + e) * pixelRatio, (b * x + d * y + f) * pixelRatio];
    };
    context.save();
    paint({ context, place, scale: pixelRatio / viewState.resolution, pixelRatio });
    context.restore();
  }
}

function lineFeature(points: readonly Point[]): Feature<Geometry> {
  const feature = new Feature<Geometry>(new LineString(flatten(points), "XY"));
  feature.setStyle(SKETCH_STYLES);
  return feature;
}

function dotFeature(at: Point): Feature<Geometry> {
  const feature = new Feature<Geometry>(new OlPoint(toView(at)));
  feature.setStyle(DOT_STYLE);
  return feature;
}

function handleFeature(handle: Handle, active: boolean): Feature<Geometry> {
  const feature = new Feature<Geometry>(new OlPoint(toView(handle.at)));
  feature.setStyle(handleStyle(handle.role, active));
  return feature;
}
