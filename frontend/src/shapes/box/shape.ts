export interface BoxShape {
  readonly type: "box";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Degrees clockwise about the centre. */
  readonly rotation: number;
}

declare module "../../core/types" {
  interface ShapeTable {
    box: BoxShape;
  }
}
