import type { ShapeKind, ShapeModule } from "../../core/kinds";
import type { EllipseShape } from "./shape";
import { ellipseCommands } from "./commands";
import { ellipseEditor } from "./editor";
import { area, bounds, contains, fits, move, outline } from "./geometry";
import { ellipseTool } from "./tool";

export const ellipse: ShapeKind<EllipseShape> = { type: "ellipse", title: "ellipse", bounds, area, contains, move, fits, outline, editor: ellipseEditor };

const module: ShapeModule<EllipseShape> = { kind: ellipse, tools: [ellipseTool], commands: ellipseCommands };

export default module;
