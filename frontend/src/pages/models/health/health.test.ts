import fc from "fast-check";
import { expect, it } from "vitest";
import { shownMs, shownShare, sparkPoints } from "./health";

it("a line stays inside its box and goes from left to right", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }))), (values) => {
      const points = sparkPoints(values, 80, 20);
      expect(points.length).toBe(values.filter((value) => value !== null).length);
      for (const [x, y] of points) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(80);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(y).toBeLessThanOrEqual(20);
      }
      expect(points.map(([x]) => x)).toEqual(points.map(([x]) => x).sort((a, b) => a - b));
    }),
  );
});

it("numbers are read at a glance", () => {
  expect([null, 0.4, 85.4, 1234, 61_000].map(shownMs)).toEqual(["–", "0 ms", "85 ms", "1.2 s", "61 s"]);
  expect([null, 0, 0.004, 0.25, 1].map(shownShare)).toEqual(["–", "0 %", "< 1 %", "25 %", "100 %"]);
});
