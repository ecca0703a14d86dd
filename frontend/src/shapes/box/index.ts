import type { ShapeKind, ShapeModule } from "../../core/kinds";
import type { BoxShape } from "./shape";
import { boxEditor } from "./editor";
import { area, bounds, contains, move, outline } from "./geometry";
import { boxCommands } from "./commands";
import { boxTool, extremesTool, turnedTool } from "./tool";

export const box: ShapeKind<BoxShape> = { type: "box", title: "box", bounds, area, contains, move, outline, editor: boxEditor };

const module: ShapeModule<BoxShape> = { kind: box, tools: [boxTool, extremesTool, turnedTool], commands: boxCommands };

export default module;
