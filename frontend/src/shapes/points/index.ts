/** Named points. Shown, selected and moved; the skeleton's own tool is not here yet. */
import { boundsOf, distance, insideImage, keptInside, rounded } from "../../core/geometry";
import type { ShapeKind, ShapeModule } from "../../core/kinds";
import type { Point } from "../../core/types";
import type { NamedPoint, PointsShape } from "./shape";

function places(shape: PointsShape): Point[] {
  return shape.points.filter((point) => point.v > 0).map((point): Point => [point.x, point.y]);
}

function moved(point: NamedPoint, [x, y]: Point): NamedPoint {
  return { ...point, x, y };
}

export const points: ShapeKind<PointsShape> = {
  type: "points",
  title: "points",
  bounds: (shape) => boundsOf(places(shape)),
  area: () => 0,
  contains: (shape, at, reach) => places(shape).some((place) => distance(place, at) <= reach * 1.5),
  outline: (shape) => ({ lines: [], dots: places(shape) }),
  move(shape, dx, dy, size) {
    const around = boundsOf(places(shape));
    if (!around) return shape;
    const [stepX, stepY] = keptInside(around, dx, dy, size);
    return { ...shape, points: shape.points.map((point) => moved(point, [rounded(point.x + stepX), rounded(point.y + stepY)])) };
  },
  editor: {
    handlesOnSelect: true,
    handles: (shape) => shape.points.flatMap((point, index) => (point.v > 0 ? [{ key: String(index), at: [point.x, point.y], role: "vertex", cursor: "move" }] : [])),
    drag: (shape, key, to, size) => ({
      ...shape,
      points: shape.points.map((point, index) => (String(index) === key ? moved(point, insideImage(to, size)) : point)),
    }),
  },
};

const module: ShapeModule<PointsShape> = { kind: points };

export default module;
