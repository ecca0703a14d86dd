import { lineDistance } from "../../core/geometry";
import type { ModeTool, ShapeKind, ShapeModule } from "../../core/kinds";
import { lineCommands } from "./commands";
import { bounds, move, polylineEditor } from "./geometry";
import { PolylineMode } from "./mode";
import type { PolylineShape } from "./shape";

export const polyline: ShapeKind<PolylineShape> = {
  type: "polyline",
  title: "line",
  bounds,
  area: () => 0,
  contains: (line, at, reach) => lineDistance(line.points, at) <= reach,
  outline: (line) => ({ lines: [line.points], dots: [] }),
  move,
  editor: polylineEditor,
};

const tool: ModeTool = {
  name: "polyline",
  shape: "polyline",
  title: "Line",
  hint: "Click points; Enter or a double click ends the line.",
  keys: ["Shift+P"],
  icon: "M4 18l5-9 6 5 5-9",
  tasks: ["segmentation", "detection"],
  order: 15,
  grows: true,
  mode: (bench) => new PolylineMode(bench),
};

const module: ShapeModule<PolylineShape> = { kind: polyline, tools: [tool], commands: lineCommands };

export default module;
