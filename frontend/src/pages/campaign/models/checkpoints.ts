/** Figures that tell one checkpoint from another, in the order in which they are looked at. */
const TOLD = ["accuracy", "macro_f1", "map", "map_50", "miou", "pixel_accuracy", "loss", "cross_entropy", "ece"] as const;

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** What was measured on the validation images, the most telling first. */
export function figuresOf(metrics: Record<string, unknown>): [name: string, value: number][] {
  const found = record(metrics["validation"]);
  const order = (name: string) => (TOLD as readonly string[]).indexOf(name);
  return Object.entries(found)
    .flatMap(([name, value]): [string, number][] => (typeof value === "number" && Number.isFinite(value) && !/_(low|high)$/.test(name) ? [[name, value]] : []))
    .sort(([a], [b]) => (order(a) < 0 ? TOLD.length : order(a)) - (order(b) < 0 ? TOLD.length : order(b)));
}

/** How many images taught and measured; null where nobody wrote it down. */
export function splitOf(metrics: Record<string, unknown>): { train: number; validation: number } | null {
  const { train, validation } = record(metrics["images"]);
  return typeof train === "number" && typeof validation === "number" ? { train, validation } : null;
}

/** Of what the figures of a last epoch are: it was the best, it was measured itself, or (models of earlier versions) of the best one. */
export function lastIs(metrics: Record<string, unknown>): "best" | "measured" | "unmeasured" {
  if (metrics["epochs"] === metrics["best_epoch"]) return "best";
  return "classes" in metrics ? "unmeasured" : "measured"; // figures label by label are those of the best epoch alone
}

export function megabytes(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
