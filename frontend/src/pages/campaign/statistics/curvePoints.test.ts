import { expect, test } from "vitest";
import type { Curve, Statistics } from "@/api/statistics";
import { commonOf, operatingAt, spotsOf, thresholdAt, workingPoint } from "./curvePoints";

const CURVE: Curve = {
  positives: 4, thresholds: [0.9, 0.6, 0.3], precision: [1, 0.75, 0.5], recall: [0.25, 0.75, 1], f1: [0.4, 0.75, 0.67],
  roc: { negatives: 4, area: 0.8, thresholds: [0.9, 0.6, 0.3], false_positives: [0, 0.25, 1], recall: [0.25, 0.75, 1] },
};
const row = (label_id: number, hits: number, said: number, real: number) => ({ label_id, hits, said, true: real }) as Statistics["labels"][number];
const STATISTICS = { labels: [row(1, 3, 4, 4), row(2, 0, 1, 2)], counts: { measured: 8 } as Statistics["counts"], thresholds: { "1": 0.6, "2": 0.5 } };

test("an ROC curve begins where nothing is said", () => {
  expect(spotsOf(CURVE, "roc")[0]).toEqual([0, 0, 1]);
  expect(spotsOf(CURVE, "roc").at(-1)).toEqual([1, 1, 0.3]);
  expect(spotsOf({ ...CURVE, roc: null }, "roc")).toEqual([]);
});

test("dragging takes the threshold of the nearest point, on either curve", () => {
  expect(thresholdAt(CURVE, "pr", 0.7)).toBe(0.6);
  expect(thresholdAt(CURVE, "roc", 0.2)).toBe(0.6);
  expect(thresholdAt(CURVE, "roc", 0.9)).toBe(0.3);
  expect(thresholdAt({ ...CURVE, roc: null }, "roc", 0.9)).toBeNull();
});

test("labels at their own thresholds work together at one point", () => {
  expect(operatingAt(STATISTICS, null)).toEqual({ precision: 0.6, recall: 0.5, falsePositives: 0.2 });
  expect(operatingAt(STATISTICS, 1)).toEqual({ precision: 0.75, recall: 0.75, falsePositives: 0.25 });
  expect(operatingAt({ ...STATISTICS, labels: [row(1, 0, 0, 0)] }, 1)).toBeNull();
});

test("a threshold that has just moved is answered from the curve, before the server counts", () => {
  expect(workingPoint(CURVE, STATISTICS, 1, 0.3)).toMatchObject({ precision: 0.5, recall: 1 });
  expect(workingPoint(CURVE, STATISTICS, 1, 0.6)).toMatchObject({ precision: 0.75, recall: 0.75 });
  expect(commonOf({ "1": 0.5, "2": 0.5 })).toBe(0.5);
  expect(commonOf({ "1": 0.5, "2": 0.4 })).toBeNull();
});
