/** How a kind of shape becomes something that OpenLayers draws. */
import type Geometry from "ol/geom/Geometry.js";
import type Style from "ol/style/Style.js";
import type { Skeleton } from "../core/skeleton";
import type { Shape } from "../core/types";

export type Emphasis = "plain" | "hovered" | "selected";

export interface Look {
  readonly color: string;
  readonly draft: boolean;
  readonly emphasis: Emphasis;
  /** The skeleton of the label, where it has one. */
  readonly skeleton: Skeleton | null;
  /** Image pixels in one pixel of the page: what is too small to be read need not be drawn. */
  readonly resolution: number;
}

export interface Painter<S extends Shape> {
  /** Null when there is nothing to draw on the canvas. */
  geometry(shape: S): Geometry | null;
  /** A style of the shape's own; without one it gets stroke and fill like all others. */
  style?(shape: S, look: Look): Style | readonly Style[] | null;
}
