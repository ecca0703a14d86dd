/** Where a threshold lies on a precision-recall curve, and what it gives. */
import type { Curve, LabelStatistics, Statistics, Thresholds } from "@/api/statistics";
import type { Campaign } from "@/api/types";

export interface Point {
  readonly threshold: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

function pointAt(curve: Curve, place: number): Point | null {
  const threshold = curve.thresholds[place];
  if (threshold === undefined) return null;
  return { threshold, precision: curve.precision[place] ?? 0, recall: curve.recall[place] ?? 0, f1: curve.f1[place] ?? 0 };
}

/** What a threshold gives: the last point whose threshold is not below it. Null when it lets nothing through. */
export function atThreshold(curve: Curve, threshold: number): Point | null {
  let [low, high] = [0, curve.thresholds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((curve.thresholds[middle] ?? 0) >= threshold) low = middle + 1;
    else high = middle;
  }
  return pointAt(curve, low - 1);
}

/** The point of the curve whose recall is nearest, and of equals the most precise. */
export function nearestRecall(curve: Curve, recall: number): Point | null {
  let best: Point | null = null;
  for (let place = 0; place < curve.thresholds.length; place += 1) {
    const point = pointAt(curve, place);
    if (point === null) continue;
    const [nearer, as] = best === null ? [true, false] : [Math.abs(point.recall - recall) < Math.abs(best.recall - recall) - 1e-12, Math.abs(point.recall - best.recall) < 1e-12];
    if (nearer || (as && best !== null && point.precision > best.precision)) best = point;
  }
  return best;
}

/** The next point along the curve, towards more recall (1) or more precision (-1). */
export function stepAlong(curve: Curve, threshold: number, direction: 1 | -1): number {
  const here = curve.thresholds.findLastIndex((one) => one >= threshold);
  return curve.thresholds[Math.max(0, Math.min(curve.thresholds.length - 1, here + direction))] ?? threshold;
}

/** All labels at one threshold. */
export function setAll(labels: readonly number[], value: number): Thresholds {
  return Object.fromEntries(labels.map((label) => [String(label), value]));
}

/** Whether every label has the same threshold in both. */
export function sameThresholds(one: Thresholds, other: Thresholds): boolean {
  return Object.keys(one).length === Object.keys(other).length && Object.entries(one).every(([label, value]) => other[label] === value);
}

export type SortBy = "label" | "true" | "precision" | "recall" | "f1" | "accuracy" | "mcc" | "average_precision" | "auc" | "iou" | "threshold";

/** Labels in the order of a column; those that have no figure come last, whichever the direction. */
export function sorted(rows: readonly LabelStatistics[], by: SortBy, falling: boolean, thresholds: Thresholds): LabelStatistics[] {
  if (by === "label") return falling ? [...rows].reverse() : [...rows];
  const value = (row: LabelStatistics) => (by === "threshold" ? (thresholds[String(row.label_id)] ?? null) : row[by]);
  return [...rows].sort((one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    return falling ? b - a : a - b;
  });
}

/** The names of the measured labels for which an aim found no threshold. */
export function unreachedBy(found: Thresholds, statistics: Pick<Statistics, "labels">, campaign: Pick<Campaign, "labels">): string[] {
  const lacking = statistics.labels.filter((row) => !(String(row.label_id) in found));
  return lacking.map((row) => campaign.labels.find((label) => label.id === row.label_id)?.name ?? String(row.label_id));
}
