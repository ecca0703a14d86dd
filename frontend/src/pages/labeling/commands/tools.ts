/** Which tools a campaign offers. */
import type { Campaign } from "@/api/types";
import type { DrawTool } from "@/core/kinds";
import { drawTools } from "@/shapes/kinds";

/** Tools for the shapes that the campaign chose, else those that offer themselves for its task. */
export function toolsOf({ task, settings }: Campaign): readonly DrawTool[] {
  const chosen = (settings as { readonly shapes?: readonly string[] }).shapes ?? [];
  return drawTools().filter((tool) => (chosen.length > 0 ? chosen.includes(tool.shape) : tool.tasks.includes(task)));
}
