/** Which tools a campaign offers. */
import type { Campaign } from "@/api/types";
import type { DrawTool } from "@/core/kinds";
import { drawTools } from "@/shapes/kinds";

/**
 * Tools for the shapes that the campaign chose, else those that offer themselves for its task; first those that name the
 * task before all others.
 */
export function toolsOf({ task, settings }: Campaign): readonly DrawTool[] {
  const chosen = (settings as { readonly shapes?: readonly string[] }).shapes ?? [];
  const offered = drawTools().filter((tool) => (chosen.length > 0 ? chosen.includes(tool.shape) : tool.tasks.includes(task)));
  const isMeant = (tool: DrawTool): boolean => tool.tasks[0] === task;
  return [...offered.filter(isMeant), ...offered.filter((tool) => !isMeant(tool))];
}
