export interface MaskShape {
  readonly type: "mask";
  /** Height, width of the whole image. */
  readonly size: readonly [number, number];
  /** COCO compressed run lengths, column by column. */
  readonly counts: string;
  /** Left, top, width, height; found from the runs when it is not told. */
  readonly bbox?: readonly [number, number, number, number];
}

declare module "../../core/types" {
  interface ShapeTable {
    mask: MaskShape;
  }
}
