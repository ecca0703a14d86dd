/** Every command of the page with its keys: the toolbar, the key sheet and the keyboard all read this one table. */
import { move, remove } from "@/actions/annotations";
import { chosenLabels, guesses, toggleLabel } from "@/actions/classification";
import { accept, acceptAllAbove, reject } from "@/actions/review";
import type { Task } from "@/api/types";
import { canRedo, canUndo } from "@/core/history";
import { isDraft, shownAnnotations } from "@/core/review";
import { neighbour } from "@/core/selection";
import type { Point } from "@/core/types";
import { drawMode } from "@/modes";
import type { Session } from "@/modes/session";
import type { Viewer } from "@/render/viewer";
import { kindOf } from "@/shapes/kinds";
import type { Desk } from "./desk";
import type { PreferenceStore } from "./preferences";

export interface Context {
  readonly desk: Desk;
  readonly session: Session;
  readonly viewer: Viewer;
  readonly preferences: PreferenceStore;
  readonly task: Task;
  readonly multiLabel: boolean;
  readonly toggleKeySheet: () => void;
}

export type Group = "Draw and edit" | "Review drafts" | "The queue" | "View";

export interface Command {
  readonly id: string;
  readonly title: string;
  readonly group: Group;
  readonly keys: readonly string[];
  /** Only where this is true is the key used; elsewhere it is left to the browser. */
  readonly when?: (context: Context) => boolean;
  readonly run: (context: Context) => void;
}

/** Shapes that can be drawn for each task; the first one is what N and Enter begin. */
const DRAWABLE: Readonly<Record<Task, readonly string[]>> = {
  classification: [],
  detection: ["box"],
  segmentation: ["polygon", "box"],
  keypoints: ["box"],
};

export function drawableShapes(task: Task): readonly string[] {
  return DRAWABLE[task];
}

function draws(shape: string): (context: Context) => boolean {
  return ({ task }) => drawableShapes(task).includes(shape);
}

function draw({ session }: Context, shape: string | undefined): void {
  if (shape !== undefined) session.setMode(drawMode(shape));
}

function isClassification({ task }: Context): boolean {
  return task === "classification";
}

function edit({ session }: Context): void {
  const id = session.selection()[0] ?? session.store.getState().hovered;
  const annotation = id == null ? undefined : session.document().get(id);
  if (!annotation || !kindOf(annotation.shape).editor) return;
  session.select([annotation.id]);
  session.setMode("edit");
}

function nudge({ session }: Context, [dx, dy]: Point): void {
  const ids = session.selection();
  session.apply("Nudged", (document) => move(document, ids, [dx, dy], session.size), `nudge ${ids.join()}`);
}

/** Drafts that a review key means: the selected ones, else the one under the pointer. */
function meant({ session }: Context): readonly string[] {
  const { selection, hovered } = session.store.getState();
  return selection.length > 0 ? selection : hovered === null ? [] : [hovered];
}

/** Go on to the next draft after one was judged, so that A, A, X, A reviews a whole image. */
function reviewAndGoOn(context: Context, title: string, judge: (ids: readonly string[]) => void): void {
  const { session, viewer } = context;
  const ids = meant(context).filter((id) => session.document().get(id)?.review === "draft");
  if (ids.length === 0) {
    if (!selectNextDraft(context, undefined)) context.desk.say(`There is no draft to ${title}.`);
    return;
  }
  const order = shownDrafts(context);
  const after = order.slice(order.indexOf(ids.at(-1) ?? "") + 1).concat(order).find((id) => !ids.includes(id));
  judge(ids);
  if (after !== undefined && session.document().has(after)) {
    session.select([after]);
    viewer.reveal(after);
  }
}

function shownDrafts({ session }: Context): string[] {
  return shownAnnotations(session.document(), session.store.getState().thresholds)
    .filter(isDraft)
    .map((annotation) => annotation.id);
}

function selectNextDraft(context: Context, from: string | undefined): boolean {
  const id = neighbour(shownDrafts(context), from, 1);
  if (id === null) return false;
  context.session.select([id]);
  context.viewer.reveal(id);
  return true;
}

function acceptDrafts(context: Context): void {
  const { session } = context;
  if (isClassification(context)) {
    const ids = guesses(session.document()).map((guess) => guess.id);
    const taken = context.multiLabel ? ids : ids.slice(0, 1);
    session.apply("Accepted the guess", (document) => reject(accept(document, taken), context.multiLabel ? [] : ids));
  } else reviewAndGoOn(context, "accept", (ids) => session.apply("Accepted", (document) => accept(document, ids)));
}

function rejectDrafts(context: Context): void {
  const { session } = context;
  if (isClassification(context)) session.apply("Rejected the guess", (document) => reject(document, [...document.keys()]));
  else reviewAndGoOn(context, "reject", (ids) => session.apply("Rejected", (document) => reject(document, ids)));
}

function acceptAll(context: Context): void {
  const { session } = context;
  if (isClassification(context) && !context.multiLabel) acceptDrafts(context);
  else session.apply("Accepted all above the threshold", (document) => acceptAllAbove(document, session.store.getState().thresholds));
}

/** In a classification Enter agrees, and agrees once more to go on; elsewhere it begins a new object. */
function enter(context: Context): void {
  if (!isClassification(context)) draw(context, drawableShapes(context.task)[0]);
  else if (chosenLabels(context.session.document()).length === 0 && guesses(context.session.document()).length > 0) acceptDrafts(context);
  else void context.desk.submit();
}

/** Give a label: to the image, or to the selection and the next object. */
export function giveLabel(context: Context, label: number): void {
  const { session, desk, preferences } = context;
  if (!isClassification(context)) {
    session.setLabel(label);
    return;
  }
  session.apply("Chose a label", (document) => toggleLabel(document, label, { multi: context.multiLabel, id: session.freshId() }));
  const chosen = chosenLabels(session.document()).includes(label);
  if (chosen && !context.multiLabel && preferences.getState().goOn) void desk.submit();
}

const ARROWS: readonly (readonly [string, Point])[] = [["ArrowLeft", [-1, 0]], ["ArrowRight", [1, 0]], ["ArrowUp", [0, -1]], ["ArrowDown", [0, 1]]];

const nudges: Command[] = ARROWS.flatMap(([key, [dx, dy]]) => {
  const command = (far: boolean): Command => ({
    id: `nudge-${key}-${far}`,
    title: far ? "Nudge by 10 pixels" : "Nudge by a pixel",
    group: "Draw and edit",
    keys: [far ? `Shift+${key}` : key],
    when: ({ session }) => session.selection().length > 0,
    run: (context) => nudge(context, far ? [dx * 10, dy * 10] : [dx, dy]),
  });
  return [command(false), command(true)];
});

export const COMMANDS: readonly Command[] = [
  { id: "new", title: "New object; in a classification, agree", group: "Draw and edit", keys: ["Enter", "N"], run: enter },
  { id: "box", title: "Draw boxes", group: "Draw and edit", keys: ["B"], when: draws("box"), run: (context) => draw(context, "box") },
  { id: "polygon", title: "Draw polygons", group: "Draw and edit", keys: ["P"], when: draws("polygon"), run: (context) => draw(context, "polygon") },
  { id: "select", title: "Select and move", group: "Draw and edit", keys: ["V", "Escape"], run: ({ session }) => session.setMode("select") },
  { id: "edit", title: "Edit the vertices of the selection", group: "Draw and edit", keys: ["E"], when: (context) => !isClassification(context), run: edit },
  {
    id: "delete", title: "Delete the selection", group: "Draw and edit", keys: ["Delete", "Backspace"], when: ({ session }) => session.selection().length > 0,
    run: ({ session }) => session.apply("Deleted", (document) => remove(document, session.selection())),
  },
  { id: "undo", title: "Undo", group: "Draw and edit", keys: ["Ctrl+Z"], when: ({ session }) => canUndo(session.store.getState().history), run: ({ session }) => session.undo() },
  { id: "redo", title: "Redo", group: "Draw and edit", keys: ["Ctrl+Shift+Z", "Ctrl+Y"], when: ({ session }) => canRedo(session.store.getState().history), run: ({ session }) => session.redo() },
  ...nudges,
  { id: "accept", title: "Accept the draft and go to the next one", group: "Review drafts", keys: ["A"], run: acceptDrafts },
  { id: "reject", title: "Reject the draft and go to the next one", group: "Review drafts", keys: ["X"], run: rejectDrafts },
  { id: "accept-all", title: "Accept all drafts above the threshold", group: "Review drafts", keys: ["Shift+A"], run: acceptAll },
  { id: "submit", title: "Submit and go on", group: "The queue", keys: ["Ctrl+Enter"], run: ({ desk }) => void desk.submit() },
  { id: "skip", title: "Skip this image", group: "The queue", keys: ["S"], run: ({ desk }) => void desk.skip("") },
  { id: "flag", title: "Flag this image for a colleague", group: "The queue", keys: ["F"], run: ({ desk }) => void desk.flag() },
  { id: "previous", title: "Back to the image before", group: "The queue", keys: ["Ctrl+ArrowLeft"], run: ({ desk }) => void desk.previous() },
  { id: "next", title: "On to the next image without submitting", group: "The queue", keys: ["Ctrl+ArrowRight"], run: ({ desk }) => void desk.next() },
  { id: "zoom-in", title: "Closer", group: "View", keys: ["+", "="], run: ({ viewer }) => viewer.zoomBy(1) },
  { id: "zoom-out", title: "Further away", group: "View", keys: ["-"], run: ({ viewer }) => viewer.zoomBy(-1) },
  { id: "fit", title: "The whole image", group: "View", keys: ["0"], run: ({ viewer }) => viewer.fit() },
  {
    id: "heat-map", title: "Show where the model is unsure", group: "View", keys: ["U"],
    run: ({ preferences }) => preferences.setState((state) => ({ heatMap: !state.heatMap })),
  },
  { id: "keys", title: "This sheet", group: "View", keys: ["?"], run: ({ toggleKeySheet }) => toggleKeySheet() },
];

/** Single keys that commands own; a label cannot have them. */
export const COMMAND_KEYS: ReadonlySet<string> = new Set([...COMMANDS.flatMap((command) => command.keys), " ", "TAB"].map((key) => key.toUpperCase()));

/** Walk through the objects shown; false at either end, so that Tab leaves the canvas there. */
export function walk({ session, viewer }: Context, step: 1 | -1): boolean {
  const { thresholds, selection } = session.store.getState();
  const order = shownAnnotations(session.document(), thresholds).map((annotation) => annotation.id);
  const id = neighbour(order, selection.at(-1), step);
  if (id === null) return false;
  session.select([id]);
  viewer.reveal(id);
  return true;
}
