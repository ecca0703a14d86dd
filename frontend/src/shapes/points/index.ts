import { boundsOf, distance, keptInside, rounded } from "../../core/geometry";
import type { ModeTool, ShapeKind, ShapeModule } from "../../core/kinds";
import type { Point } from "../../core/types";
import { fitted, isThere, placedAt } from "./actions";
import { pointsCommands } from "./commands";
import { PointsMode } from "./draw-mode";
import { handlesOf, PointsEditMode } from "./edit-mode";
import type { PointsShape } from "./shape";

function places(shape: PointsShape): Point[] {
  return shape.points.filter(isThere).map((point): Point => [point.x, point.y]);
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
    return { ...shape, points: shape.points.map((point) => (isThere(point) ? { ...point, x: rounded(point.x + stepX), y: rounded(point.y + stepY) } : point)) };
  },
  relabeled: fitted,
  editor: { handlesOnSelect: true, handles: handlesOf, drag: (shape, key, to, size) => placedAt(shape, Number(key), to, size) },
};

const tool: ModeTool = {
  name: "points",
  shape: "points",
  title: "Points",
  hint: "Click to place points.",
  keys: ["I"],
  icon: "M12 4a2 2 0 100 .1M5 12a2 2 0 100 .1M19 12a2 2 0 100 .1M12 20a2 2 0 100 .1M12 6v12M7 12h10",
  tasks: ["keypoints", "detection", "segmentation"],
  order: 50,
  mode: (bench) => new PointsMode(bench),
};

const module: ShapeModule<PointsShape> = { kind: points, tools: [tool], commands: pointsCommands, edit: (bench) => new PointsEditMode(bench) };

export default module;
