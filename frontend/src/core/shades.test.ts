import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLEARLY_APART, ownShade, shadeAmong, shadeOf, shadesApart, SHADES } from "./shades";

const colors = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, "0")}`);
const shades = fc.integer({ min: 0, max: SHADES - 1 });

describe("shades of objects", () => {
  it("are colours, and different ones for different shades", () => {
    fc.assert(
      fc.property(colors, (color) => {
        const all = Array.from({ length: SHADES }, (_, shade) => shadeOf(color, shade));
        for (const shade of all) expect(shade).toMatch(/^#[0-9a-f]{6}$/);
        expect(new Set(all).size).toBe(SHADES);
      }),
    );
  });

  it("are spread over objects whose ids hardly differ", () => {
    const own = Array.from({ length: 100 }, (_, at) => ownShade(`object${at}`));
    expect(new Set(own).size).toBeGreaterThanOrEqual(12);
  });

  it("stay an object's own where no neighbour is like it, and are never a neighbour's otherwise", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.array(shades, { maxLength: SHADES - 1 }), (id, neighbours) => {
        const shade = shadeAmong(id, neighbours);
        expect(neighbours).not.toContain(shade);
        if (neighbours.every((other) => shadesApart(other, ownShade(id)) >= CLEARLY_APART)) expect(shade).toBe(ownShade(id));
        if (neighbours.length < 5) for (const other of neighbours) expect(shadesApart(shade, other)).toBeGreaterThanOrEqual(CLEARLY_APART);
      }),
    );
  });
});
