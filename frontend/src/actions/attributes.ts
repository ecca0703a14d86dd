/** Answer what labels ask of their objects. */
import { isAnswer, type Answer } from "../core/attributes";
import { withAnnotations, type AnnotationDocument } from "../core/document";
import type { Annotation } from "../core/types";
import { accepted } from "./review";

/** Give an answer, or take it away with null. Who answers for a draft has looked at it: it is accepted, and stays the model's. */
export function setAttribute(document: AnnotationDocument, ids: readonly string[], name: string, answer: Answer | null): AnnotationDocument {
  const changed = ids.flatMap((id) => document.get(id) ?? []).filter(({ attributes }) => (attributes[name] ?? null) !== answer);
  return withAnnotations(document, changed.map((annotation) => answered(annotation, name, answer)));
}

function answered(annotation: Annotation, name: string, answer: Answer | null): Annotation {
  const others = Object.fromEntries(Object.entries(annotation.attributes).filter(([other]) => other !== name));
  return { ...accepted(annotation), attributes: answer === null ? others : { ...others, [name]: answer } };
}

/** Switch a yes-or-no attribute: on for all unless all have it. */
export function toggleAttribute(document: AnnotationDocument, ids: readonly string[], name: string): AnnotationDocument {
  const all = ids.every((id) => document.get(id)?.attributes[name] === true);
  return setAttribute(document, ids, name, all ? null : true);
}

/** The answer that all of them share; undefined when they differ. */
export function commonAnswer(annotations: readonly Annotation[], name: string): Answer | null | undefined {
  const answers = new Set(annotations.map(({ attributes }) => (isAnswer(attributes[name]) ? attributes[name] : null)));
  return answers.size === 1 ? [...answers][0] : undefined;
}
