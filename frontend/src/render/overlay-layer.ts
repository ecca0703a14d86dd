/** What a mode draws over the shapes: the growing sketch, the handles, and what it paints by itself. */
import Feature from "ol/Feature.js";
import type Geometry from "ol/geom/Geometry.js";
import LineString from "ol/geom/LineString.js";
import OlPoint from "ol/geom/Point.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import type { Overlay } from "../core/bench";
import type { Handle } from "../core/kinds";
import type { Point } from "../core/types";
import { PaintCanvas } from "./paint-canvas";
import { flatten, toView } from "./space";
import { DOT_STYLE, handleStyle, SKETCH_STYLES } from "./styles";

export class OverlayLayer {
  readonly layer: VectorLayer;
  readonly canvas = new PaintCanvas(31);
  private readonly source = new VectorSource<Feature<Geometry>>({ useSpatialIndex: false });
  private shown: Overlay | null = null;

  constructor() {
    this.layer = new VectorLayer({ source: this.source, updateWhileAnimating: true, updateWhileInteracting: true, zIndex: 30 });
  }

  setColors(colorOf: (label: number) => string): void {
    this.canvas.setColors(colorOf);
  }

  sync(overlay: Overlay): void {
    if (overlay === this.shown) return;
    const before = this.shown;
    this.shown = overlay;
    if (overlay.paint || before?.paint) this.canvas.show(overlay.paint);
    if (before && isBare(before) && isBare(overlay)) return;
    this.source.clear(true);
    const sketch = overlay.sketch ? [...overlay.sketch.lines.map(lineFeature), ...overlay.sketch.dots.map(dotFeature)] : [];
    this.source.addFeatures([...sketch, ...overlay.handles.map((handle) => handleFeature(handle, handle.key === overlay.activeHandle))]);
  }
}

function isBare({ sketch, handles }: Overlay): boolean {
  return handles.length === 0 && (sketch === null || (sketch.lines.length === 0 && sketch.dots.length === 0));
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
