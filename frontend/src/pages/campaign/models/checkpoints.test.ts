import { expect, it } from "vitest";
import { figuresOf, lastIs, megabytes, splitOf } from "./checkpoints";

it("the figures that tell most come first, intervals and what is no number stay out", () => {
  const metrics = { validation: { ece: 0.1, loss: 0.4, accuracy: 0.9, accuracy_low: 0.8, odd: 1, broken: null } };
  expect(figuresOf(metrics)).toEqual([["accuracy", 0.9], ["loss", 0.4], ["ece", 0.1], ["odd", 1]]);
  expect(figuresOf({})).toEqual([]);
});

it("a split is told where it was written down", () => {
  expect(splitOf({ images: { train: 29, validation: 7, unreadable: 0 } })).toEqual({ train: 29, validation: 7 });
  expect(splitOf({ images: { train: 29 } })).toBeNull();
});

it("sizes read as people say them", () => {
  expect([12, 36_000, 45_300_000].map(megabytes)).toEqual(["1 kB", "36 kB", "45.3 MB"]);
});

it("the figures of a last epoch are its own, unless it was the best or an earlier version kept those of the best", () => {
  expect(lastIs({ epochs: 9, best_epoch: 9, classes: [] })).toBe("best");
  expect(lastIs({ epochs: 9, best_epoch: 4, validation: { loss: 0.2 } })).toBe("measured");
  expect(lastIs({ epochs: 9, best_epoch: 4, validation: { loss: 0.2 }, classes: [] })).toBe("unmeasured");
});
