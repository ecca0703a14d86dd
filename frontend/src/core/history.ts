/** History as a stack of documents. Documents share what did not change, so a step costs little. */
import type { AnnotationDocument } from "./document";

export interface Step {
  readonly document: AnnotationDocument;
  /** What was done to get here, in the past tense: "Moved a box". */
  readonly title: string;
  /** Steps that follow each other with the same key become one (arrow-key nudges). */
  readonly mergeKey: string | null;
}

export interface History {
  readonly past: readonly Step[];
  readonly present: Step;
  readonly future: readonly Step[];
}

export function startHistory(document: AnnotationDocument): History {
  return { past: [], present: { document, title: "Opened", mergeKey: null }, future: [] };
}

/** Go on to a new document; what was undone before is gone. The same document changes nothing. */
export function commit(history: History, document: AnnotationDocument, title: string, mergeKey: string | null = null): History {
  if (document === history.present.document) return history;
  const present = { document, title, mergeKey };
  const merges = mergeKey !== null && mergeKey === history.present.mergeKey && history.past.length > 0;
  return { past: merges ? history.past : [...history.past, history.present], present, future: [] };
}

/** Change every document, as if it had been so from the start: what came from elsewhere is no step of this person's. */
export function throughout({ past, present, future }: History, change: (document: AnnotationDocument) => AnnotationDocument): History {
  const changed = (step: Step): Step => ({ ...step, document: change(step.document) });
  return { past: past.map(changed), present: changed(present), future: future.map(changed) };
}

export function canUndo(history: History): boolean {
  return history.past.length > 0;
}

export function canRedo(history: History): boolean {
  return history.future.length > 0;
}

export function undo(history: History): History {
  const last = history.past.at(-1);
  if (!last) return history;
  return { past: history.past.slice(0, -1), present: last, future: [history.present, ...history.future] };
}

export function redo(history: History): History {
  const [next, ...rest] = history.future;
  if (!next) return history;
  return { past: [...history.past, history.present], present: next, future: rest };
}
