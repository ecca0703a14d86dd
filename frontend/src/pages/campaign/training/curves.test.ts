import { expect, it } from "vitest";
import { metricName, splitCurves } from "./curves";

const POINTS = [
  { epoch: 2, best: true, metrics: { train_loss: 0.5, validation_loss: 0.7, validation_accuracy: 0.8, learning_rate: 0.001 } },
  { epoch: 1, best: true, metrics: { train_loss: 1, validation_loss: Number.NaN, validation_accuracy: 0.6, learning_rate: 0.001 } },
];

it("losses and scores stand on charts of their own, in order of epochs, without gaps drawn as zero", () => {
  const { losses, scores, rates, best } = splitCurves(POINTS);
  expect(losses).toEqual([
    { name: "train_loss", points: [[1, 1], [2, 0.5]] },
    { name: "validation_loss", points: [[2, 0.7]] },
  ]);
  expect(scores.map((series) => series.name)).toEqual(["validation_accuracy"]);
  expect(rates).toEqual([{ name: "learning_rate", points: [[1, 0.001], [2, 0.001]] }]);
  expect(best).toBe(2);
});

it("no point is no curve", () => {
  expect(splitCurves([])).toEqual({ losses: [], scores: [], rates: [], best: null });
});

it("metrics read as words", () => {
  expect(metricName("validation_loss")).toBe("Validation loss");
  expect(metricName("validation_map")).toBe("Validation mAP");
  expect(metricName("validation_map_50")).toBe("Validation mAP at 0.5");
});
