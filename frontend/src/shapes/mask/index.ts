/** A bitmap of pixels: painted, erased, filled, and turned into polygons and back. */
import type { ModeTool, ShapeKind, ShapeModule } from "../../core/kinds";
import type { Point } from "../../core/types";
import type { MaskShape } from "./shape";
import { move } from "./actions";
import { BrushMode } from "./brush-mode";
import { commands } from "./commands";
import { area, bounds, columnsOf, contains } from "./geometry";
import { tracePolygons } from "./polygons";

export const mask: ShapeKind<MaskShape> = {
  type: "mask",
  title: "bitmap",
  bounds,
  area,
  contains: (shape, at) => contains(shape, at),
  fits: (shape, size) => shape.size[0] === size.height && shape.size[1] === size.width,
  move,
  outline(shape) {
    const [x0, y0, x1, y1] = bounds(shape);
    const frame: Point[] = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]];
    return { lines: [frame], dots: [] };
  },
  parts: (shape) => tracePolygons(columnsOf(shape)),
};

const tool: ModeTool = {
  name: "mask",
  shape: "mask",
  title: "Bitmap",
  hint: "Drag to paint. [ and ] change the size.",
  keys: ["D"],
  icon: "M15 4l5 5-9 9c-2 2-6 3-8 3 0-2 1-6 3-8zM12 7l5 5",
  tasks: ["segmentation"],
  order: 20,
  mode: (bench) => new BrushMode(bench, "draw-mask"),
};

const module: ShapeModule<MaskShape> = { kind: mask, tools: [tool], commands, edit: (bench) => new BrushMode(bench, "edit") };

export default module;
