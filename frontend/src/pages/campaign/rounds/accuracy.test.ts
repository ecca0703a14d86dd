import { expect, it } from "vitest";
import type { Evaluation } from "@/api/types";
import { efficiency } from "./accuracy";

function evaluation(id: number, labeled: number, accuracy: number, random?: number): Evaluation {
  return {
    id,
    model: null,
    round: null,
    labeled,
    held_back: 100,
    metrics: { accuracy, accuracy_low: accuracy - 0.1, accuracy_high: accuracy + 0.1 },
    random_metrics: random === undefined ? {} : { accuracy: random },
    created_at: "",
  };
}

it("points stand in order of labels, with their intervals", () => {
  const found = efficiency([evaluation(2, 40, 0.8, 0.7), evaluation(1, 20, 0.6, 0.5)]);
  expect(found?.metric).toBe("accuracy");
  expect(found?.model.map((point) => [point.labeled, point.value])).toEqual([[20, 0.6], [40, 0.8]]);
  expect(found?.model[0]?.low).toBeCloseTo(0.5);
  expect(found?.random.map((point) => point.value)).toEqual([0.5, 0.7]);
});

it("a second measurement at the same number of labels replaces the first", () => {
  expect(efficiency([evaluation(1, 20, 0.6), evaluation(2, 20, 0.65)])?.model).toHaveLength(1);
  expect(efficiency([evaluation(1, 20, 0.6), evaluation(2, 20, 0.65)])?.model[0]?.value).toBe(0.65);
});

it("without known truth there is no line for random picks", () => {
  expect(efficiency([evaluation(1, 20, 0.6)])?.random).toEqual([]);
});

it("nothing measured is nothing drawn", () => {
  expect(efficiency([])).toBeNull();
});
