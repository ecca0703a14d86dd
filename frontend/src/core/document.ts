/** An immutable annotation document: annotations by id, in the order in which they were made. */
import type { Annotation, Patch } from "./types";

export type AnnotationDocument = ReadonlyMap<string, Annotation>;

export const EMPTY_DOCUMENT: AnnotationDocument = new Map<string, Annotation>();

/** Make a document of a list; a repeated id keeps its last annotation. */
export function documentOf(annotations: Iterable<Annotation>): AnnotationDocument {
  return new Map(Array.from(annotations, (annotation) => [annotation.id, annotation]));
}

export function annotationsOf(document: AnnotationDocument): Annotation[] {
  return [...document.values()];
}

/** Put annotations in: known ids keep their place, new ones go last. */
export function withAnnotations(document: AnnotationDocument, annotations: readonly Annotation[]): AnnotationDocument {
  if (annotations.every((annotation) => document.get(annotation.id) === annotation)) return document;
  const next = new Map(document);
  for (const annotation of annotations) next.set(annotation.id, annotation);
  return next;
}

export function withoutAnnotations(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  if (!ids.some((id) => document.has(id))) return document;
  const next = new Map(document);
  for (const id of ids) next.delete(id);
  return next;
}

export function applyPatch(document: AnnotationDocument, patch: Patch): AnnotationDocument {
  return withAnnotations(withoutAnnotations(document, patch.delete), patch.upsert);
}

/** Say what must be sent to turn `before` into `after`. Untouched annotations are shared, so most compare by reference. */
export function difference(before: AnnotationDocument, after: AnnotationDocument): Patch {
  const upsert: Annotation[] = [];
  for (const [id, annotation] of after) {
    const old = before.get(id);
    if (old !== annotation && (old === undefined || !sameValue(old, annotation))) upsert.push(annotation);
  }
  const gone = [...before.keys()].filter((id) => !after.has(id));
  return { upsert, delete: gone };
}

export function isEmptyPatch(patch: Patch): boolean {
  return patch.upsert.length === 0 && patch.delete.length === 0;
}

/** Compare JSON values by content. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a);
  const right = new Map(Object.entries(b));
  return left.length === right.size && left.every(([key, value]) => right.has(key) && sameValue(value, right.get(key)));
}

/** Make an id that no other client makes: 12 characters of 62, about 71 bits. */
export function newAnnotationId(random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (bytes) => crypto.getRandomValues(bytes)): string {
  const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return Array.from(random(new Uint8Array(12)), (byte) => letters.charAt(byte % letters.length)).join("");
}
