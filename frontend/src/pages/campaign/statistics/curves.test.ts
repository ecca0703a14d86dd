import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Curve, LabelStatistics } from "@/api/statistics";
import type { Campaign } from "@/api/types";
import { atThreshold, nearestRecall, sameThresholds, setAll, sorted, stepAlong, unreachedBy } from "./curves";

const curve: Curve = { positives: 4, thresholds: [0.9, 0.7, 0.4], precision: [1, 0.5, 0.75], recall: [0.25, 0.25, 0.75], f1: [0.4, 0.33, 0.75], roc: null };

function row(label_id: number, f1: number | null): LabelStatistics {
  return { label_id, hits: 0, said: 0, true: 1, f1 } as LabelStatistics;
}

describe("a threshold on a curve", () => {
  it("gives the last point that it does not shut out", () => {
    expect(atThreshold(curve, 0.7)?.threshold).toBe(0.7);
    expect(atThreshold(curve, 0.5)?.threshold).toBe(0.7);
    expect(atThreshold(curve, 0)?.recall).toBe(0.75);
    expect(atThreshold(curve, 0.95)).toBeNull();
  });

  it("is found by a recall, the most precise of equals", () => {
    expect(nearestRecall(curve, 0.3)?.threshold).toBe(0.9);
    expect(nearestRecall(curve, 1)?.threshold).toBe(0.4);
    expect(nearestRecall({ ...curve, thresholds: [] }, 1)).toBeNull();
  });

  it("steps from point to point and stops at the ends", () => {
    expect(stepAlong(curve, 0.7, 1)).toBe(0.4);
    expect(stepAlong(curve, 0.7, -1)).toBe(0.9);
    expect(stepAlong(curve, 0.9, -1)).toBe(0.9);
    expect(stepAlong(curve, 0.4, 1)).toBe(0.4);
    expect(stepAlong(curve, 1, 1)).toBe(0.9);
  });

  it("gives what a walk over all points would give", () => {
    const falling = fc.uniqueArray(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 }).map((all) => all.sort((a, b) => b - a));
    fc.assert(
      fc.property(falling, fc.double({ min: 0, max: 1, noNaN: true }), (thresholds, wanted) => {
        const flat = thresholds.map(() => 1);
        const found = atThreshold({ positives: 1, thresholds, precision: flat, recall: flat, f1: flat, roc: null }, wanted);
        expect(found?.threshold).toBe(thresholds.filter((one) => one >= wanted).at(-1));
      }),
    );
  });
});

describe("the table of labels", () => {
  const rows = [row(1, 0.5), row(2, null), row(3, 0.9)];

  it("sorts both ways and keeps what has no figure last", () => {
    expect(sorted(rows, "f1", true, {}).map((one) => one.label_id)).toEqual([3, 1, 2]);
    expect(sorted(rows, "f1", false, {}).map((one) => one.label_id)).toEqual([1, 3, 2]);
    expect(sorted(rows, "threshold", false, { "1": 0.3, "2": 0.2, "3": 0.1 }).map((one) => one.label_id)).toEqual([3, 2, 1]);
    expect(sorted(rows, "label", true, {}).map((one) => one.label_id)).toEqual([3, 2, 1]);
  });

  it("takes one threshold for all labels", () => {
    expect(setAll([1, 3], 0.4)).toEqual({ "1": 0.4, "3": 0.4 });
  });

  it("are the same when every label's is, in whatever order", () => {
    expect(sameThresholds({ 1: 0.4, 3: 0.2 }, { 3: 0.2, 1: 0.4 })).toBe(true);
    expect(sameThresholds({ 1: 0.4 }, { 1: 0.4, 3: 0.2 })).toBe(false);
    expect(sameThresholds({ 1: 0.4, 3: 0.2 }, { 1: 0.4, 4: 0.2 })).toBe(false);
    expect(sameThresholds({ 1: 0.4 }, { 1: 0.5 })).toBe(false);
  });
});

describe("an aim", () => {
  it("names the labels for which no threshold reaches it", () => {
    const labels = [{ id: 1, name: "land" }, { id: 2, name: "coast" }] as Campaign["labels"];
    expect(unreachedBy({ 1: 0.4 }, { labels: [row(1, 1), row(2, 0), row(3, 0)] }, { labels })).toEqual(["coast", "3"]);
    expect(unreachedBy({ 1: 0.4, 2: 0.5 }, { labels: [row(1, 1), row(2, 0)] }, { labels })).toEqual([]);
  });
});
