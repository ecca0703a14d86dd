/** A bitmap of pixels. Shown, selected, accepted, rejected and labeled; brushes are not here yet. */
import type { ShapeKind, ShapeModule } from "../../core/kinds";
import type { Point } from "../../core/types";
import type { MaskShape } from "./shape";
import { area, bounds, contains } from "./geometry";

export const mask: ShapeKind<MaskShape> = {
  type: "mask",
  title: "mask",
  bounds,
  area,
  contains: (shape, at) => contains(shape, at),
  fits: (shape, size) => shape.size[0] === size.height && shape.size[1] === size.width,
  outline(shape) {
    const [x0, y0, x1, y1] = bounds(shape);
    const frame: Point[] = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]];
    return { lines: [frame], dots: [] };
  },
};

const module: ShapeModule<MaskShape> = { kind: mask };

export default module;
