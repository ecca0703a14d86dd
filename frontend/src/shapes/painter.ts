/** How a kind of shape becomes something that OpenLayers draws. */
import type Geometry from "ol/geom/Geometry.js";
import type Style from "ol/style/Style.js";
import type { Shape } from "../core/types";

export type Emphasis = "plain" | "hovered" | "selected";

export interface Look {
  readonly color: string;
  readonly draft: boolean;
  readonly emphasis: Emphasis;
}

export interface Painter<S extends Shape> {
  /** Null when there is nothing to draw on the canvas. */
  geometry(shape: S): Geometry | null;
  /** A style of the shape's own; without one it gets stroke and fill like all others. */
  style?(shape: S, look: Look): Style | null;
}
