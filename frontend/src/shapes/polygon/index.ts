import type { ShapeKind, ShapeModule } from "../../core/kinds";
import type { PolygonShape } from "./shape";
import { polygonEditor } from "./editor";
import { area, bounds, contains, move, outline } from "./geometry";
import { polygonCommands } from "./commands";
import { polygonTool } from "./tool";

export const polygon: ShapeKind<PolygonShape> = { type: "polygon", title: "polygon", bounds, area, contains, move, outline, parts: ({ polygons }) => polygons, editor: polygonEditor };

const module: ShapeModule<PolygonShape> = { kind: polygon, tools: [polygonTool], commands: polygonCommands };

export default module;
