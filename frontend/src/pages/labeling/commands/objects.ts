/** Objects as a whole: labels, attributes, copies, order, lock and sight, and the way from one to the next. */
import { remove } from "@/actions/annotations";
import { toggleAttribute } from "@/actions/attributes";
import { paste, placed } from "@/actions/clipboard";
import { pass, toBack, toFront } from "@/actions/order";
import type { AnnotationDocument } from "@/core/document";
import type { Annotation, Point } from "@/core/types";
import type { Session } from "@/modes/session";
import { kindOf } from "@/shapes/kinds";
import { copyToClipboard, readClipboard } from "../clipboard";
import { chosenLabels, toggleLabel } from "@/actions/classification";
import { shownAnnotations } from "@/core/review";
import { neighbour } from "@/core/selection";
import { remembered } from "../label-order";
import { isClassification, type Command, type Context } from "./types";

/** Give a label: to the image, or to the selection and the next object. */
export function giveLabel(context: Context, label: number): void {
  const { session, desk, preferences } = context;
  preferences.setState(({ recent }) => ({ recent: remembered(recent, label) }));
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

function isSelected({ session }: Context): boolean {
  return session.selection().length > 0;
}

/** The selected objects that may be changed. */
function free({ session }: Context): readonly string[] {
  return session.selection().filter((id) => session.isFree(id));
}

function copy(context: Context): number {
  const { session, desk } = context;
  const objects = placed(session.document(), session.selection());
  if (objects.length > 0) copyToClipboard(desk.options.campaign, objects);
  return objects.length;
}

function cut(context: Context): void {
  const ids = free(context);
  const copied = copy(context);
  if (copied === 0) return;
  context.session.apply("Cut", (document) => remove(document, ids));
  if (ids.length < copied) context.desk.say("Locked objects were copied and stay where they are.");
}

/** Add copies and select them; what does not fit into this image is told, not squeezed. */
function add({ session, desk }: Context, title: string, copies: readonly Annotation[], offset: Point): void {
  const made = paste(session.document(), copies, { size: session.size, offset, freshId: () => session.freshId() });
  session.apply(title, () => made.document);
  session.select(made.ids);
  if (made.refused > 0) desk.say(`${made.refused} of ${copies.length} objects did not fit into this image.`);
  else if (copies.length === 0) desk.say("There is nothing to paste: copy objects of this campaign first.");
}

const PASTE_OFFSET_PX: Point = [12, 12];

/** Beside the originals where those still stand, else at the same place. */
function pasteClipboard(context: Context): void {
  const copies = readClipboard(context.desk.options.campaign);
  const here = copies.some(({ id }) => context.session.document().has(id));
  add(context, "Pasted", copies, here ? PASTE_OFFSET_PX : [0, 0]);
}

function repeat(context: Context): void {
  const objects = context.desk.objectsBefore().filter(({ shape }) => kindOf(shape).bounds(shape) !== null);
  if (objects.length === 0) context.desk.say("There is no image before this one with objects to repeat.");
  else add(context, "Repeated the objects of the image before", objects, [0, 0]);
}

function duplicate(context: Context): void {
  add(context, "Duplicated", placed(context.session.document(), context.session.selection()), PASTE_OFFSET_PX);
}

function selectAll({ session }: Context): void {
  const all = shownAnnotations(session.document(), session.store.getState()).filter(({ id }) => session.isFree(id));
  session.select(placed(session.document(), all.map(({ id }) => id)).map(({ id }) => id));
}

/** Put all of them in, or take all of them out when all are in. */
function switched(set: ReadonlySet<string>, ids: readonly string[]): ReadonlySet<string> {
  const all = ids.every((id) => set.has(id));
  return all ? new Set([...set].filter((id) => !ids.includes(id))) : new Set([...set, ...ids]);
}

export function toggleHidden(session: Session, ids: readonly string[]): void {
  session.setVisibility({ hidden: switched(session.store.getState().hidden, ids) });
}

export function toggleLocked(session: Session, ids: readonly string[]): void {
  session.setLocked(switched(session.store.getState().locked, ids));
}

const raise =
  (title: string, action: (document: AnnotationDocument, ids: readonly string[]) => AnnotationDocument) =>
  (context: Context): void =>
    context.session.apply(title, (document) => action(document, free(context)));

const stepBy = (step: 1 | -1) => (document: AnnotationDocument, ids: readonly string[]) => ids.reduce((now, id) => pass(now, id, step), document);

const toggleOf = (name: string) => (context: Context): void =>
  context.session.apply(`Changed “${name}”`, (document) => toggleAttribute(document, free(context), name));

const when = isSelected;
const group = "Objects";

export const objectCommands: readonly Command[] = [
  { id: "label-by-name", title: "Choose a label by a part of its name", group, keys: ["/"], run: ({ openLabelPalette }) => openLabelPalette() },
  { id: "select-all", title: "Select all objects", group, keys: ["Ctrl+A"], when: (context) => !isClassification(context), run: selectAll },
  { id: "copy", title: "Copy", group, keys: ["Ctrl+C"], when, run: (context) => void copy(context) },
  { id: "cut", title: "Cut", group, keys: ["Ctrl+X"], when, run: cut },
  { id: "paste", title: "Paste, into other images too", group, keys: ["Ctrl+V"], when: (context) => !isClassification(context), run: pasteClipboard },
  { id: "duplicate", title: "Duplicate", group, keys: ["Ctrl+D"], when, run: duplicate },
  { id: "repeat", title: "Repeat the objects of the image before", group, keys: ["Shift+R"], when: (context) => !isClassification(context), run: repeat },
  { id: "forward", title: "Above the next object", group, keys: ["PageUp"], when, run: raise("Moved up", stepBy(1)) },
  { id: "backward", title: "Below the next object", group, keys: ["PageDown"], when, run: raise("Moved down", stepBy(-1)) },
  { id: "to-front", title: "Above all others", group, keys: ["Shift+PageUp"], when, run: raise("Moved to the top", toFront) },
  { id: "to-back", title: "Below all others", group, keys: ["Shift+PageDown"], when, run: raise("Moved to the bottom", toBack) },
  { id: "hide", title: "Hide the selection", group, keys: ["Shift+H"], when, run: ({ session }) => toggleHidden(session, session.selection()) },
  {
    id: "show-hidden", title: "Show what is hidden", group, keys: ["Shift+H"], when: ({ session }) => session.store.getState().hidden.size > 0,
    run: ({ session }) => session.setVisibility({ hidden: new Set() }),
  },
  { id: "lock", title: "Lock the selection against changes", group, keys: ["Shift+L"], when, run: ({ session }) => toggleLocked(session, session.selection()) },
  { id: "unlock-all", title: "Unlock all", group, keys: ["Shift+L"], when: ({ session }) => session.store.getState().locked.size > 0, run: ({ session }) => session.setLocked(new Set()) },
  { id: "occluded", title: "Occluded: something stands before it", group, keys: ["Shift+O"], when, run: toggleOf("occluded") },
  { id: "truncated", title: "Truncated: it goes on outside the image", group, keys: ["Shift+T"], when, run: toggleOf("truncated") },
];
