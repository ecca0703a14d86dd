/** Begin, edit and delete objects. */
import { move, remove } from "@/actions/annotations";
import { chosenLabels, guesses } from "@/actions/classification";
import { canRedo, canUndo } from "@/core/history";
import type { Annotation, Point } from "@/core/types";
import { drawMode } from "@/modes";
import { drawTools, kindOf, moduleOf, shapeCommands } from "@/shapes/kinds";
import { acceptDrafts } from "./review";
import { isClassification, type Command, type Context } from "./types";

/** The tool used last, if this campaign offers it, else the first one. */
function draw({ session, tools }: Context): void {
  const last = session.store.getState().tool;
  const tool = tools.find(({ name }) => name === last) ?? tools[0];
  if (tool) session.setMode(drawMode(tool.name));
}

/** One command a tool; its id is the tool's name. */
const toolCommands = (): Command[] =>
  drawTools().map(({ name, title, keys }) => ({
    id: name, title: `Draw: ${title.toLowerCase()}`, group: "Draw and edit", keys,
    when: ({ tools }) => tools.some((tool) => tool.name === name),
    run: ({ session }) => session.setMode(drawMode(name)),
  }));

/** What shapes do by themselves asks for no more than the session. */
const ofShapes = (): Command[] =>
  shapeCommands().map(({ id, title, keys, when, run, shape }) => ({ id, title, shape, group: "Shapes", keys, when: ({ session }) => when(session), run: ({ session }) => run(session) }));

function isEditable({ shape }: Annotation): boolean {
  return kindOf(shape).editor !== undefined || moduleOf(shape.type).edit !== undefined;
}

function edit({ session }: Context): void {
  const id = session.selection()[0] ?? session.store.getState().hovered;
  const annotation = id === null || id === undefined ? undefined : session.document().get(id);
  if (!annotation || !isEditable(annotation) || !session.isFree(annotation.id)) return;
  session.select([annotation.id]);
  session.setMode("edit");
}

function select({ session, viewer }: Context): void {
  session.setMode("select");
  viewer.setFrame(null);
}

function nudge({ session }: Context, [dx, dy]: Point): void {
  const ids = session.selection().filter((id) => session.isFree(id));
  session.apply("Nudged", (document) => move(document, ids, [dx, dy], session.size), `nudge ${ids.join()}`);
}

/** In a classification Enter agrees, and agrees once more to go on; elsewhere it begins a new object. */
function enter(context: Context): void {
  if (!isClassification(context)) draw(context);
  else if (chosenLabels(context.session.document()).length === 0 && guesses(context.session.document()).length > 0) acceptDrafts(context);
  else void context.desk.submit();
}

const ARROWS: readonly (readonly [string, string, Point])[] = [["ArrowLeft", "left", [-1, 0]], ["ArrowRight", "right", [1, 0]], ["ArrowUp", "up", [0, -1]], ["ArrowDown", "down", [0, 1]]];

const nudges: Command[] = ARROWS.flatMap(([key, direction, [dx, dy]]) => {
  const command = (far: boolean): Command => ({
    id: `nudge-${key}-${far}`,
    title: far ? `Nudge ${direction} by 10 pixels` : `Nudge ${direction} by a pixel`,
    group: "Draw and edit",
    keys: [far ? `Shift+${key}` : key],
    when: ({ session }) => session.selection().length > 0,
    run: (context) => nudge(context, far ? [dx * 10, dy * 10] : [dx, dy]),
  });
  return [command(false), command(true)];
});

export const drawCommands = (): Command[] => [
  // First, because they are the choosier ones: their keys mean something else where they do not apply.
  ...ofShapes(),
  { id: "new", title: "New object; in a classification, agree", group: "Draw and edit", keys: ["Enter", "N"], run: enter },
  ...toolCommands(),
  { id: "select", title: "Select and move", group: "Draw and edit", keys: ["V", "Escape"], run: select },
  { id: "edit", title: "Edit the selection: vertices, or pixels", group: "Draw and edit", keys: ["E"], when: (context) => !isClassification(context), run: edit },
  {
    id: "delete", title: "Delete the selection", group: "Draw and edit", keys: ["Delete", "Backspace"], when: ({ session }) => session.selection().length > 0,
    run: ({ session }) => session.apply("Deleted", (document) => remove(document, session.selection().filter((id) => session.isFree(id)))),
  },
  { id: "undo", title: "Undo", group: "Draw and edit", keys: ["Ctrl+Z"], when: ({ session }) => canUndo(session.store.getState().history), run: ({ session }) => session.undo() },
  { id: "redo", title: "Redo", group: "Draw and edit", keys: ["Ctrl+Shift+Z", "Ctrl+Y"], when: ({ session }) => canRedo(session.store.getState().history), run: ({ session }) => session.redo() },
  ...nudges,
];
