import type { Part } from "../../core/types";

export interface PolygonShape {
  readonly type: "polygon";
  readonly polygons: readonly Part[];
}

declare module "../../core/types" {
  interface ShapeTable {
    polygon: PolygonShape;
  }
}
