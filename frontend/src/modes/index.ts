/** Modes by name: "select", "edit", "measure", and "draw-" with the name of the tool in hand. */
import type { Bench } from "../core/bench";
import type { DrawTool } from "../core/kinds";
import type { Mode } from "../core/mode";
import { moduleOf, toolNamed } from "../shapes/kinds";
import { DrawMode } from "./draw";
import { EditMode } from "./edit";
import { onlySelected } from "./handles";
import { MeasureMode } from "./measure";
import { SelectMode } from "./select";

const DRAW = "draw-";

export function drawMode(tool: string): string {
  return DRAW + tool;
}

/** The tool that a mode draws with, if it draws. */
export function toolOf(mode: string): DrawTool | undefined {
  return mode.startsWith(DRAW) ? toolNamed(mode.slice(DRAW.length)) : undefined;
}

export function modeNamed(name: string, bench: Bench): Mode {
  const tool = toolOf(name);
  if (tool) return "mode" in tool ? tool.mode(bench) : new DrawMode(bench, tool);
  if (name === "measure") return new MeasureMode(bench);
  return name === "edit" ? editMode(bench) : new SelectMode(bench);
}

function editMode(bench: Bench): Mode {
  const only = onlySelected(bench);
  return (only && moduleOf(only.shape.type).edit?.(bench)) ?? new EditMode(bench);
}
