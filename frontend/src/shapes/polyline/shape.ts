import type { Point } from "../../core/types";

export interface PolylineShape {
  readonly type: "polyline";
  readonly points: readonly Point[];
}

declare module "../../core/types" {
  interface ShapeTable {
    polyline: PolylineShape;
  }
}
