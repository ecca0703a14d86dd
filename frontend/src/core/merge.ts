/** Two people, or two tabs, changed one set: compare and merge object by object. */
import { sameValue, withAnnotations, withoutAnnotations, type AnnotationDocument } from "./document";
import type { Annotation, Patch } from "./types";

/** How the touched annotations were before the change; null where there was none. */
export type Before = Readonly<Record<string, Annotation | null>>;

export interface Difference {
  readonly id: string;
  readonly mine: Annotation | null;
  readonly theirs: Annotation | null;
  /** True when both sides changed it; false when only mine did. */
  readonly clashes: boolean;
}

export type Side = "mine" | "theirs";

export function touchedIds(patch: Patch): string[] {
  return [...patch.upsert.map((annotation) => annotation.id), ...patch.delete];
}

/** Remember how the annotations that a patch touches were in the document it starts from. */
export function beforePatch(base: AnnotationDocument, patch: Patch): Before {
  return Object.fromEntries(touchedIds(patch).map((id) => [id, base.get(id) ?? null]));
}

/** List the objects that my unsaved changes and their saved document disagree about. */
export function differences(before: Before, patch: Patch, theirs: AnnotationDocument): Difference[] {
  const mine = new Map<string, Annotation>(patch.upsert.map((annotation) => [annotation.id, annotation]));
  return touchedIds(patch)
    .map((id) => ({ id, mine: mine.get(id) ?? null, theirs: theirs.get(id) ?? null }))
    .filter(({ mine: ours, theirs: other }) => !sameValue(ours, other))
    .map((entry) => ({ ...entry, clashes: !sameValue(before[entry.id] ?? null, entry.theirs) }));
}

/** Say whether their document already holds all of my changes: the save arrived and only its answer was lost. */
export function holds(theirs: AnnotationDocument, patch: Patch): boolean {
  return patch.upsert.every((annotation) => sameValue(theirs.get(annotation.id), annotation)) && patch.delete.every((id) => !theirs.has(id));
}

/** Merge by object: their document, with my version of each object for which `choices` says "mine" (the default). */
export function merged(theirs: AnnotationDocument, all: readonly Difference[], choices: Readonly<Record<string, Side>>): AnnotationDocument {
  const chosen = all.filter((entry) => (choices[entry.id] ?? "mine") === "mine");
  const gone = chosen.filter((entry) => entry.mine === null).map((entry) => entry.id);
  const kept = chosen.flatMap((entry) => (entry.mine === null ? [] : [entry.mine]));
  return withAnnotations(withoutAnnotations(theirs, gone), kept);
}
