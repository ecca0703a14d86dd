export interface WholeShape {
  readonly type: "whole";
}

declare module "../../core/types" {
  interface ShapeTable {
    whole: WholeShape;
  }
}
