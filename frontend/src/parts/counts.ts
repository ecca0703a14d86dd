import type { Campaign } from "@/api/types";

type Counts = Campaign["counts"];

/** Images that people are asked about, labeled or not: all but those that measure models or were excluded. */
export function askable(counts: Counts): number {
  return counts.images - counts.held_back - counts.excluded;
}

/** Images that wait for a label. */
export function waiting(counts: Counts): number {
  return Math.max(0, counts.unlabeled - counts.held_back);
}

export function labeled(counts: Counts): number {
  return counts.submitted + counts.accepted;
}

export interface Share {
  name: "accepted" | "submitted" | "returned" | "unlabeled";
  count: number;
}

/** Counts by state, in the order of the bar. */
export function shares(counts: Counts): Share[] {
  return [
    { name: "accepted", count: counts.accepted },
    { name: "submitted", count: counts.submitted },
    { name: "returned", count: counts.returned },
    { name: "unlabeled", count: waiting(counts) },
  ];
}

/** Whole percent, rounded down: 100 is said only when nothing is left. */
export function percentLabeled(counts: Counts): number {
  return askable(counts) === 0 ? 0 : Math.floor((100 * labeled(counts)) / askable(counts));
}
