/** A line of points. Shown, selected, moved and reshaped; its drawing tool is not here yet. */
import { boundsOf, insideImage, keptInside, lineDistance, rounded } from "../../core/geometry";
import type { ShapeKind, ShapeModule } from "../../core/kinds";
import type { Point } from "../../core/types";
import type { PolylineShape } from "./shape";

export const polyline: ShapeKind<PolylineShape> = {
  type: "polyline",
  title: "line",
  bounds: (line) => boundsOf(line.points),
  area: () => 0,
  contains: (line, at, reach) => lineDistance(line.points, at) <= reach,
  outline: (line) => ({ lines: [line.points], dots: [] }),
  move(line, dx, dy, size) {
    const around = boundsOf(line.points);
    if (!around) return line;
    const [stepX, stepY] = keptInside(around, dx, dy, size);
    return { ...line, points: line.points.map(([x, y]): Point => [rounded(x + stepX), rounded(y + stepY)]) };
  },
  editor: {
    handlesOnSelect: false,
    handles: (line) => line.points.map((at, index) => ({ key: String(index), at, role: "vertex", cursor: "move" })),
    drag: (line, key, to, size) => ({ ...line, points: line.points.map((point, index) => (String(index) === key ? insideImage(to, size) : point)) }),
    remove: (line, key) => (line.points.length <= 2 ? null : { ...line, points: line.points.filter((_, index) => String(index) !== key) }),
  },
};

const module: ShapeModule<PolylineShape> = { kind: polyline };

export default module;
