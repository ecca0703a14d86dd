/** Labels of objects, and the way from one object to the next. */
import { chosenLabels, toggleLabel } from "@/actions/classification";
import { shownAnnotations } from "@/core/review";
import { neighbour } from "@/core/selection";
import { isClassification, type Command, type Context } from "./types";

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

/** Walk through the objects shown; false at either end, so that Tab leaves the canvas there. */
export function walk({ session, viewer }: Context, step: 1 | -1): boolean {
  const { selection, ...visibility } = session.store.getState();
  const order = shownAnnotations(session.document(), visibility).map((annotation) => annotation.id);
  const id = neighbour(order, selection.at(-1), step);
  if (id === null) return false;
  session.select([id]);
  viewer.reveal(id);
  return true;
}

export const objectCommands: readonly Command[] = [];
