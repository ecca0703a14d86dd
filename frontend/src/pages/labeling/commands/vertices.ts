/** What is done to the vertices of the object that is being edited. */
import type { DrawTool } from "@/core/kinds";
import type { Point } from "@/core/types";
import { drawMode } from "@/modes";
import { EditMode } from "@/modes/edit";
import { PathMode } from "@/modes/path/path-mode";
import { SCISSORS, SNAP, TRACE } from "@/modes/path/settings";
import type { Setting } from "@/core/tool-settings";
import type { Command, Context } from "./types";

function editing({ session }: Context): EditMode | null {
  return session.alive instanceof EditMode && session.selection().length === 1 ? session.alive : null;
}

function act(command: string): Pick<Command, "when" | "run"> {
  return { when: (context) => editing(context) !== null, run: (context) => void editing(context)?.act(command) };
}

const CLINGING = "Following edges of the picture";

const ARROWS: readonly (readonly [string, string, Point])[] = [
  ["left", "ArrowLeft", [-1, 0]],
  ["right", "ArrowRight", [1, 0]],
  ["up", "ArrowUp", [0, -1]],
  ["down", "ArrowDown", [0, 1]],
];

const nudges = ARROWS.flatMap(([side, key, [dx, dy]]) =>
  [1, 10].map((step): Command => ({
    id: `vertices-${side}-${step}`,
    title: `Move the marked vertices ${side} by ${step === 1 ? "a pixel" : "10 pixels"}`,
    group: "Draw and edit",
    keys: [step === 1 ? key : `Shift+${key}`],
    when: (context) => editing(context)?.hasMarked() ?? false,
    run: (context) => void editing(context)?.nudge([dx * step, dy * step]),
  })),
);

function growing({ session }: Context): PathMode | null {
  return session.alive instanceof PathMode && session.alive.begun ? session.alive : null;
}

function toggle({ session }: Context, setting: Setting<boolean>, name: string): void {
  const on = !session.settings.get(setting);
  session.settings.set(setting, on);
  session.alive.act?.("look");
  session.say(`${name} is ${on ? "on" : "off"}.`);
}

const growsLines = (tool: DrawTool): boolean => "grows" in tool && tool.grows === true;

/** Switch the scissors while a line is drawn; elsewhere take them up, with the tool for lines used last. */
function scissors(context: Context): void {
  const { session, tools } = context;
  if (session.alive instanceof PathMode) return toggle(context, SCISSORS, CLINGING);
  const able = tools.filter(growsLines);
  const tool = able.find(({ name }) => name === session.store.getState().tool) ?? able[0];
  if (!tool) return;
  session.settings.set(SCISSORS, true);
  session.setMode(drawMode(tool.name));
  session.say(`${CLINGING} is on: click where the ${tool.title.toLowerCase()} begins.`);
}

const pathCommands: readonly Command[] = [
  { id: "path-close", title: "Finish what is being drawn; the next click begins anew", group: "Draw and edit", keys: ["N"], when: (context) => growing(context) !== null, run: (context) => void growing(context)?.act("close") },
  { id: "path-back", title: "Take back what was drawn last", group: "Draw and edit", keys: ["Ctrl+Z"], when: (context) => growing(context) !== null, run: (context) => void growing(context)?.act("back") },
  { id: "path-trace", title: "Follow borders of neighbours while drawing", group: "Draw and edit", keys: ["T"], when: ({ session }) => session.alive instanceof PathMode, run: (context) => toggle(context, TRACE, "Following borders") },
  { id: "path-scissors", title: "Intelligent scissors: follow edges of the picture while drawing", group: "Draw and edit", keys: ["O"], when: ({ tools }) => tools.some(growsLines), run: scissors },
  { id: "path-snap", title: "Snap to vertices, edges and the border of the image", group: "Draw and edit", keys: ["Shift+S"], when: ({ session }) => session.alive instanceof PathMode || session.alive instanceof EditMode, run: (context) => toggle(context, SNAP, "Snapping") },
];

export const vertexCommands: readonly Command[] = [
  { id: "vertices-delete", title: "Delete the vertex under the pointer, or the marked ones", group: "Draw and edit", keys: ["Delete", "Backspace"], ...act("delete") },
  { id: "vertices-remove", title: "Remove vertices by clicking them", group: "Draw and edit", keys: ["R"], ...act("remove") },
  { id: "vertices-all", title: "Mark all vertices", group: "Draw and edit", keys: ["Ctrl+A"], ...act("all") },
  ...nudges,
  ...pathCommands,
];
