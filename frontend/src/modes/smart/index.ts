/** The smart tool and its keys. */
import type { Bench } from "../../core/bench";
import type { ModeTool, ShapeCommand, ToolModule } from "../../core/kinds";
import { SMART, SmartMode } from "./mode";

const smartTool: ModeTool = {
  name: "smart",
  shape: "mask",
  title: "Smart",
  hint: "Drag a work area around a thing.",
  keys: ["Q"],
  icon: "M15 4V2M15 10V8M11 6h2M17 6h2M18 9l1.5 1.5M18 3l1.5-1.5M12 9l-9 9 3 3 9-9zM11 12l1.5 1.5",
  tasks: ["segmentation"],
  order: 5,
  mode: (bench) => new SmartMode(bench),
};

const isAlive = (bench: Bench): boolean => bench.alive.name === SMART;

function command(id: string, title: string, keys: readonly string[]): ShapeCommand {
  return { id, title: `Smart: ${title}`, keys, when: isAlive, run: (bench) => void bench.alive.act?.(id) };
}

const module: ToolModule = {
  tools: [smartTool],
  commands: [
    command("smart-extract", "extract; once more, be done", ["Enter"]),
    command("smart-done", "extract and be done", ["Shift+Enter"]),
    command("smart-side", "marks on the thing, or off it", ["X"]),
    command("smart-area", "a new work area", ["R"]),
    command("smart-method", "GrabCut, or the model", ["Shift+Q"]),
  ],
};

export default module;
