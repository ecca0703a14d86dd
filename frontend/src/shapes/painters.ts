/** Every kind of shape by name, as it is drawn. */
import type { Shape, ShapeOf, ShapeType } from "../core/types";
import { boxPainter } from "./box/paint";
import { maskPainter } from "./mask/paint";
import type { Painter } from "./painter";
import { pointsPainter } from "./points/paint";
import { polygonPainter } from "./polygon/paint";
import { polylinePainter } from "./polyline/paint";
import { wholePainter } from "./whole/paint";

const PAINTERS: { readonly [T in ShapeType]: Painter<ShapeOf<T>> } = {
  whole: wholePainter,
  box: boxPainter,
  polygon: polygonPainter,
  polyline: polylinePainter,
  points: pointsPainter,
  mask: maskPainter,
};

/** The painter of a shape; sound because the table is keyed by the name that the shape carries. */
export function painterOf<S extends Shape>(shape: S): Painter<S> {
  return PAINTERS[shape.type] as unknown as Painter<S>;
}
