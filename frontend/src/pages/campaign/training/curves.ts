import type { CurvePoint } from "@/api/types";

export interface Series {
  name: string;
  points: [epoch: number, value: number][];
}

const LOSSES = /loss/;
const RATES = /^learning_rate$/;
const SCORES = /accuracy|f1|map|iou|auc|precision|recall/i;

/** Metric names as they are read: "validation_loss" → "Validation loss", "validation_map_50" → "Validation mAP at 0.5". */
export function metricName(key: string): string {
  const words = key.replaceAll("_", " ").replace(/\bf1\b/, "F1").replace(/\bmap 50\b/, "mAP at 0.5").replace(/\bmap\b/, "mAP").replace(/\bmiou\b/, "mIoU");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function seriesOf(points: readonly CurvePoint[], wanted: RegExp, unwanted?: RegExp): Series[] {
  const names = [...new Set(points.flatMap((point) => Object.keys(point.metrics)))].filter((name) => wanted.test(name) && unwanted?.test(name) !== true);
  return names
    .map((name) => ({
      name,
      points: points.flatMap((point): [number, number][] => {
        const value = point.metrics[name];
        return typeof value === "number" && Number.isFinite(value) ? [[point.epoch, value]] : [];
      }),
    }))
    .filter((series) => series.points.length > 0);
}

/** Curves on a scale of their own: losses on one chart, everything from 0 to 1 on another, the learning rate on the third. */
export function splitCurves(points: readonly CurvePoint[]): { losses: Series[]; scores: Series[]; rates: Series[]; best: number | null } {
  const ordered = [...points].sort((a, b) => a.epoch - b.epoch);
  return { losses: seriesOf(ordered, LOSSES), scores: seriesOf(ordered, SCORES, LOSSES), rates: seriesOf(ordered, RATES), best: ordered.findLast((point) => point.best)?.epoch ?? null };
}
