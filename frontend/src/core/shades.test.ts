import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shadeOf } from "./shades";

const colors = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, "0")}`);

describe("shades of objects", () => {
  it("are colours, the same for an object each time", () => {
    fc.assert(
      fc.property(colors, fc.string({ minLength: 1 }), (color, id) => {
        expect(shadeOf(color, id)).toMatch(/^#[0-9a-f]{6}$/);
        expect(shadeOf(color, id)).toBe(shadeOf(color, id));
      }),
    );
  });

  it("tell most neighbours apart", () => {
    const shades = Array.from({ length: 100 }, (_, at) => shadeOf("#0072b2", `object${at}`));
    const alike = shades.slice(1).filter((shade, at) => shade === shades[at]).length;
    expect(new Set(shades).size).toBeGreaterThanOrEqual(12);
    expect(alike).toBeLessThan(20);
  });
});
