/** Spans of confidence in which a model leaves answers to people. */
import type { Abstention, Span, Spans, LabelShare } from "@/api/abstention";

/** A span with one end moved, from the threshold where there was none; ends that meet leave none. What is no confidence changes nothing. */
export function withEnd(spans: Spans, label: number, end: keyof Span, value: number, threshold: number): Spans {
  if (!(value >= 0 && value <= 1)) return spans;
  const span = { ...(spans[String(label)] ?? { low: threshold, high: threshold }), [end]: value };
  return span.low < span.high ? { ...spans, [String(label)]: span } : without(spans, label);
}

/** The label is never unsure. */
export function without(spans: Spans, label: number): Spans {
  return Object.fromEntries(Object.entries(spans).filter(([key]) => key !== String(label)));
}

/** One span for all labels. */
export function spanForAll(labels: readonly number[], span: Span): Spans {
  return span.low < span.high ? Object.fromEntries(labels.map((label) => [String(label), span])) : {};
}

/** The share of images that the model decides. */
export function coverageOf({ images, decided }: Pick<Abstention["decided"], "images" | "decided">): number {
  return images > 0 ? decided / images : 0;
}

/** How many answers about a label are decided, and the share of them that is right; of objects those that are said: what is not, nobody counts. */
export function decidedOf({ said, hits, denied, missed }: LabelShare, objects: boolean): { decided: number; right: number | null } {
  const [decided, right] = objects ? [said, hits] : [said + denied, hits + denied - missed];
  return { decided, right: decided > 0 ? right / decided : null };
}
