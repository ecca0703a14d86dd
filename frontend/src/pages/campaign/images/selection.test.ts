import { expect, it } from "vitest";
import { NO_SELECTION, toggled } from "./selection";

const ORDER = [5, 3, 9, 1];

it("a click ticks and a second one unticks", () => {
  const one = toggled(NO_SELECTION, ORDER, 3, false);
  expect([...one.ids]).toEqual([3]);
  expect([...toggled(one, ORDER, 3, false).ids]).toEqual([]);
});

it("a range runs in the order that is shown, either way", () => {
  const from = toggled(NO_SELECTION, ORDER, 9, false);
  expect([...toggled(from, ORDER, 5, true).ids].sort()).toEqual([3, 5, 9]);
  expect([...toggled(from, ORDER, 1, true).ids].sort()).toEqual([1, 9]);
});

it("a range without a start is a click", () => {
  expect([...toggled(NO_SELECTION, ORDER, 9, true).ids]).toEqual([9]);
});
