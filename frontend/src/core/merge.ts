/** Two people, or two tabs, changed one set: compare and merge object by object. */
import { difference, sameValue, withAnnotations, withoutAnnotations, type AnnotationDocument } from "./document";
import type { Annotation, Patch } from "./types";

/** How the touched annotations were before the change; null where there was none. */
export type Before = Readonly<Record<string, Annotation | null>>;

export type Side = "mine" | "theirs";

export interface Difference {
  readonly id: string;
  readonly mine: Annotation | null;
  readonly theirs: Annotation | null;
  readonly changedBy: Side | "both";
}

export function touchedIds(patch: Patch): string[] {
  return [...patch.upsert.map((annotation) => annotation.id), ...patch.delete];
}

/** Remember how the annotations that a patch touches were in the document it starts from. */
export function beforePatch(base: AnnotationDocument, patch: Patch): Before {
  return Object.fromEntries(touchedIds(patch).map((id) => [id, base.get(id) ?? null]));
}

/** List the objects that two documents disagree about. `before` holds the ones that I changed, as they were. */
export function differences(before: Before, mine: AnnotationDocument, theirs: AnnotationDocument): Difference[] {
  const ids = touchedIds(difference(mine, theirs));
  return ids.map((id) => {
    const original = before[id];
    const other = theirs.get(id) ?? null;
    const changedBy = original === undefined ? "theirs" : sameValue(original, other) ? "mine" : "both";
    return { id, mine: mine.get(id) ?? null, theirs: other, changedBy };
  });
}

/** What a merge takes when the person does not say: what only they changed is theirs, all else mine. */
export function defaultSide(entry: Difference): Side {
  return entry.changedBy === "theirs" ? "theirs" : "mine";
}

/** Say whether their document already holds all of my changes: the save arrived and only its answer was lost. */
export function holds(theirs: AnnotationDocument, patch: Patch): boolean {
  return patch.upsert.every((annotation) => sameValue(theirs.get(annotation.id), annotation)) && patch.delete.every((id) => !theirs.has(id));
}

/** Say whether we both changed some object, and not in the same way: then somebody has to choose. */
export function isClash(before: Before, mine: AnnotationDocument, theirs: AnnotationDocument): boolean {
  return differences(before, mine, theirs).some(({ changedBy }) => changedBy === "both");
}

/** Merge by object: their document, with my version of each object that was chosen so. */
export function merged(theirs: AnnotationDocument, all: readonly Difference[], choices: Readonly<Record<string, Side>>): AnnotationDocument {
  const chosen = all.filter((entry) => (choices[entry.id] ?? defaultSide(entry)) === "mine");
  const gone = chosen.filter((entry) => entry.mine === null).map((entry) => entry.id);
  const kept = chosen.flatMap((entry) => (entry.mine === null ? [] : [entry.mine]));
  return withAnnotations(withoutAnnotations(theirs, gone), kept);
}
