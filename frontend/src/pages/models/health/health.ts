import type { ModelHealth } from "@/api/types";

/** Points of a line over values, in a box of the given size; the newest on the right, missing ones left out. */
export function sparkPoints(values: readonly (number | null)[], width: number, height: number, margin = 2): [number, number][] {
  const known = values.flatMap((value, at) => (value === null ? [] : [[at, value] as const]));
  const highest = Math.max(...known.map(([, value]) => value), 1e-9);
  const step = values.length > 1 ? (width - 2 * margin) / (values.length - 1) : 0;
  return known.map(([at, value]) => [margin + (values.length > 1 ? at * step : width / 2 - margin), height - margin - (value / highest) * (height - 2 * margin)]);
}

/** A duration as people read it: "85 ms", "1.2 s". */
export function shownMs(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** A share as people read it; little is never shown as nothing. */
export function shownShare(share: number | null): string {
  if (share === null) return "–";
  if (share > 0 && share < 0.01) return "< 1 %";
  return `${Math.round(100 * share)} %`;
}

/** How long a model has been up, of the checks that are known. */
export function upShare(health: ModelHealth): number | null {
  if (health.checks.length === 0) return null;
  return health.checks.filter((check) => check.is_up).length / health.checks.length;
}
