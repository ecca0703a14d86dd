import { expect, it } from "vitest";
import { barOf, figure, shareAxis } from "./figures";

it("a tiny part keeps digits that count", () => {
  expect([0.0046, 0.00029, 0.98, 0, 12.345].map(figure)).toEqual(["0.0046", "0.00029", "0.98", "0.00", "12.35"]);
});

it("a bar of a tiny part is drawn against the largest, a share against the whole", () => {
  expect(barOf(0.002, 0.004)).toBe(50);
  expect(barOf(0.5, 0.9)).toBe(50);
  expect(barOf(3, 12)).toBe(25);
  expect(barOf(0, 0)).toBe(0);
});

it("an axis of shares ends on whole steps and holds every value", () => {
  expect(shareAxis([0.853, 0.97])).toEqual({ min: 0.85, max: 1, interval: 0.05 });
  expect(shareAxis([0.3, 0.62])).toEqual({ min: 0.3, max: 0.7, interval: 0.1 });
  expect(shareAxis([1, 1])).toEqual({ min: 0.95, max: 1, interval: 0.05 });
  expect(shareAxis([0.05, 0.9])).toEqual({ min: 0, max: 1, interval: 0.2 });
});
