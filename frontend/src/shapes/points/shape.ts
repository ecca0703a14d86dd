export interface NamedPoint {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  /** COCO visibility: 0 not labeled, 1 hidden, 2 visible. */
  readonly v: number;
}

export interface PointsShape {
  readonly type: "points";
  readonly points: readonly NamedPoint[];
}

declare module "../../core/types" {
  interface ShapeTable {
    points: PointsShape;
  }
}
