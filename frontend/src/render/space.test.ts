import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fittingResolution } from "./space";

const CANVAS = { width: 900, height: 800 };

describe("an image as it opens", () => {
  it("is in sight as a whole, and as large as it can be", () => {
    expect(fittingResolution({ width: 1800, height: 400 }, CANVAS, 0, 24)).toBe(2);
    expect(fittingResolution({ width: 90, height: 400 }, CANVAS, 0, 24)).toBe(0.5);
    expect(fittingResolution({ width: 1600, height: 400 }, CANVAS, 50, 24)).toBe(2);
  });

  it("is never thinner on the page than can be seen", () => {
    expect(1 / fittingResolution({ width: 1, height: 2000 }, CANVAS, 28, 24)).toBe(24);
    const side = fc.integer({ min: 1, max: 100_000 });
    fc.assert(
      fc.property(side, side, (width, height) => {
        const resolution = fittingResolution({ width, height }, CANVAS, 28, 24);
        expect(Math.min(width, height) / resolution).toBeGreaterThanOrEqual(24 - 1e-9);
      }),
    );
  });
});
