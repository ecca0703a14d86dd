export interface EllipseShape {
  readonly type: "ellipse";
  readonly cx: number;
  readonly cy: number;
  /** Radii along its own axes, before it is turned. */
  readonly rx: number;
  readonly ry: number;
  /** Degrees clockwise about the centre. */
  readonly rotation: number;
}

declare module "../../core/types" {
  interface ShapeTable {
    ellipse: EllipseShape;
  }
}
