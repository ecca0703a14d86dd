import type { Evaluation } from "@/api/types";

export interface Measured {
  labeled: number;
  value: number;
  low: number | null;
  high: number | null;
}

export interface Efficiency {
  metric: string;
  model: Measured[];
  random: Measured[];
}

const PREFERRED = ["accuracy", "f1", "map50", "map", "miou", "iou"];

/** The metric that all measurements share, the most telling first. */
export function metricOf(evaluations: readonly Evaluation[]): string | null {
  const names = new Set(evaluations.flatMap((one) => Object.keys(one.metrics)).filter((name) => !/_(low|high)$/.test(name)));
  return PREFERRED.find((name) => names.has(name)) ?? [...names][0] ?? null;
}

function measured(labeled: number, metrics: Record<string, number | null | undefined>, metric: string): Measured[] {
  const value = metrics[metric];
  if (typeof value !== "number") return [];
  return [{ labeled, value, low: metrics[`${metric}_low`] ?? null, high: metrics[`${metric}_high`] ?? null }];
}

/** Accuracy against the number of labels, for what was asked and for random picks; the last measurement at each number counts. */
export function efficiency(evaluations: readonly Evaluation[]): Efficiency | null {
  const metric = metricOf(evaluations);
  if (metric === null) return null;
  const latest = [...new Map([...evaluations].sort((a, b) => a.id - b.id).map((one) => [one.labeled, one])).values()].sort((a, b) => a.labeled - b.labeled);
  return {
    metric,
    model: latest.flatMap((one) => measured(one.labeled, one.metrics, metric)),
    random: latest.flatMap((one) => measured(one.labeled, one.random_metrics, metric)),
  };
}
