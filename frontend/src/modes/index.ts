/** Modes by name: "select", "edit", and "draw-" with the shape that is drawn. */
import type { Bench } from "../core/bench";
import { TOOLS } from "../shapes/kinds";
import { DrawMode } from "./draw";
import { EditMode } from "./edit";
import type { Mode } from "./mode";
import { SelectMode } from "./select";

const DRAW = "draw-";

export function drawMode(shape: string): string {
  return DRAW + shape;
}

/** The tool that a mode draws with, if it draws. */
export function toolOf(mode: string): ReturnType<typeof TOOLS.get> {
  return mode.startsWith(DRAW) ? TOOLS.get(mode.slice(DRAW.length)) : undefined;
}

export function modeNamed(name: string, bench: Bench): Mode {
  const tool = toolOf(name);
  if (tool) return new DrawMode(bench, tool);
  return name === "edit" ? new EditMode(bench) : new SelectMode(bench);
}
