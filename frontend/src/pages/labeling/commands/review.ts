/** Judge what models drafted. */
import { guesses } from "@/actions/classification";
import { accept, acceptAllAbove, reject } from "@/actions/review";
import { isDraft, shownAnnotations } from "@/core/review";
import { neighbour } from "@/core/selection";
import { finishArea, jumpToArea } from "../asked";
import { jumpToDoubt } from "../doubt";
import { isClassification, type Command, type Context } from "./types";

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
  return shownAnnotations(session.document(), session.store.getState())
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

export function acceptDrafts(context: Context): void {
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

function jump({ desk, viewer }: Context, step: 1 | -1): void {
  const workspace = desk.onDesk();
  if (workspace) void jumpToDoubt(workspace, viewer, step).then((word) => workspace.session.say(word));
}

function jumpArea({ desk, viewer }: Context, step: 1 | -1): void {
  const workspace = desk.onDesk();
  if (workspace) void jumpToArea(workspace, viewer, step).then((word) => workspace.session.say(word));
}

function handInArea({ desk, viewer }: Context): void {
  const workspace = desk.onDesk();
  if (workspace) void finishArea(workspace, viewer).then((word) => workspace.session.say(word));
}

export const reviewCommands: readonly Command[] = [
  { id: "accept", title: "Accept the draft and go to the next one", group: "Review drafts", keys: ["A"], run: acceptDrafts },
  { id: "reject", title: "Reject the draft and go to the next one", group: "Review drafts", keys: ["X"], run: rejectDrafts },
  { id: "accept-all", title: "Accept all drafts above the threshold", group: "Review drafts", keys: ["Shift+A"], run: acceptAll },
  { id: "next-uncertain", title: "To the next uncertain area", group: "Review drafts", keys: ["J"], run: (context) => jump(context, 1) },
  { id: "previous-uncertain", title: "To the uncertain area before", group: "Review drafts", keys: ["Shift+J"], run: (context) => jump(context, -1) },
  { id: "next-area", title: "To the next area that the round asks about", group: "The queue", keys: ["Shift+W"], run: (context) => jumpArea(context, 1) },
  { id: "previous-area", title: "To the area before it, of those that the round asks about", group: "The queue", keys: ["Alt+W"], run: (context) => jumpArea(context, -1) },
  { id: "hand-in-area", title: "Hand in the area that the round asks about, and go to the next", group: "The queue", keys: ["Alt+Enter"], when: ({ task }) => task === "segmentation", run: handInArea },
];
