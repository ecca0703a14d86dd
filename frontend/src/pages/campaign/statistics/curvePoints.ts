/** The two ways to look at a ranking: precision over recall, and recall over false alarms (ROC). */
import type { Curve, Statistics, Thresholds } from "@/api/statistics";
import { atThreshold, nearestRecall } from "./curves";

export type View = "pr" | "roc";
/** Across, up, and the threshold that gives both. */
export type Spot = readonly [x: number, y: number, threshold: number];

export function spotsOf(curve: Curve, view: View): Spot[] {
  if (view === "pr") return curve.thresholds.map((threshold, n) => [curve.recall[n] ?? 0, curve.precision[n] ?? 0, threshold]);
  const { roc } = curve;
  return roc === null ? [] : [[0, 0, 1], ...roc.thresholds.map((threshold, n): Spot => [roc.false_positives[n] ?? 0, roc.recall[n] ?? 0, threshold])];
}

/** The threshold of the point that is nearest to a place on the axis across, and of equals the highest up. */
export function thresholdAt(curve: Curve, view: View, x: number): number | null {
  if (view === "pr") return nearestRecall(curve, x)?.threshold ?? null;
  let best: Spot | null = null;
  for (const spot of spotsOf(curve, "roc").slice(1)) {
    const [gap, least] = [Math.abs(spot[0] - x), best === null ? Infinity : Math.abs(best[0] - x)];
    if (gap < least - 1e-12 || (best !== null && Math.abs(gap - least) <= 1e-12 && spot[1] > best[1])) best = spot;
  }
  return best?.[2] ?? null;
}

export interface Operating {
  readonly precision: number;
  readonly recall: number;
  readonly falsePositives: number;
}

/** Where a label works at its threshold, or all of them together, as the server has counted. Null where there is nothing to find. */
export function operatingAt(statistics: Pick<Statistics, "labels" | "counts">, label: number | null): Operating | null {
  const rows = statistics.labels.filter((row) => label === null || row.label_id === label);
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
  const [hits, said, real] = [sum((row) => row.hits), sum((row) => row.said), sum((row) => row.true)];
  if (real === 0) return null;
  const negatives = statistics.counts.measured * rows.length - real;
  return { precision: said > 0 ? hits / said : 0, recall: hits / real, falsePositives: negatives > 0 ? (said - hits) / negatives : 0 };
}

/** The one threshold that all labels have, else null. */
export function commonOf(thresholds: Thresholds): number | null {
  const all = Object.values(thresholds);
  const first = all[0];
  return first !== undefined && all.every((value) => value === first) ? first : null;
}

/** What the curve gives at a threshold that has just moved; else what the server has counted. */
export function workingPoint(curve: Curve, statistics: Pick<Statistics, "labels" | "counts" | "thresholds">, label: number | null, threshold: number | null): Operating | null {
  const told = label === null ? commonOf(statistics.thresholds) : (statistics.thresholds[String(label)] ?? null);
  const counted = operatingAt(statistics, label);
  if (threshold === null || threshold === told) return counted;
  const moved = atThreshold(curve, threshold);
  return { precision: moved?.precision ?? 0, recall: moved?.recall ?? 0, falsePositives: counted?.falsePositives ?? 0 };
}
