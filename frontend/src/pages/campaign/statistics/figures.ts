import type { Figure, Statistics } from "@/api/statistics";

/** Figures that are no shares: shown as numbers, not in percent. */
const NUMBERS: ReadonlySet<string> = new Set(["cross_entropy", "mcc", "oks"]);

/** A number and its sign stay on one line. */
const PERCENT = "\u00a0%";

export function shown(value: number | null | undefined, name = ""): string {
  if (value === null || value === undefined) return "–";
  return NUMBERS.has(name) ? value.toFixed(3) : `${(100 * value).toFixed(1)}${PERCENT}`;
}

export function range({ name, low, high }: Figure): string | null {
  if (low === null || high === null) return null;
  return NUMBERS.has(name) ? `${low.toFixed(3)} – ${high.toFixed(3)}` : `${(100 * low).toFixed(1)} – ${(100 * high).toFixed(1)}${PERCENT}`;
}

/** What most people ask first; the rest is one click away. */
const FIRST: readonly string[] = ["accuracy", "map", "map_oks", "ap_at_iou", "ap_at_oks", "miou", "pixel_accuracy", "precision_weighted", "recall_weighted", "f1_weighted", "f1_macro", "oks", "average_precision"];

export function divided(statistics: Pick<Statistics, "figures">): { first: Figure[]; rest: Figure[] } {
  const first = FIRST.flatMap((name) => statistics.figures.filter((figure) => figure.name === name));
  return { first, rest: statistics.figures.filter((figure) => !FIRST.includes(figure.name)) };
}
