import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Crop, dragged, inPixels, LEAST, MIDDLE, nudged } from "./crop";

const spot = fc.record({ x: fc.double({ min: -1, max: 2, noNaN: true }), y: fc.double({ min: -1, max: 2, noNaN: true }) });

function isInside({ x0, y0, x1, y1 }: Crop): boolean {
  return x0 >= 0 && y0 >= 0 && x1 <= 1 + 1e-9 && y1 <= 1 + 1e-9 && x1 - x0 >= LEAST - 1e-9 && y1 - y0 >= LEAST - 1e-9;
}

describe("a part of a picture", () => {
  it("lies inside the picture whichever way it is dragged", () => {
    fc.assert(
      fc.property(spot, spot, (from, to) => {
        const crop = dragged(from, to);
        expect(crop).toEqual(dragged(to, from));
        if (crop !== null) expect(isInside(crop)).toBe(true);
      }),
    );
  });

  it("is nothing where the pointer hardly moved", () => {
    expect(dragged({ x: 0.5, y: 0.5 }, { x: 0.51, y: 0.9 })).toBeNull();
  });

  it("stays inside under any arrows, keeps its size when it moves and its corner when it grows", () => {
    const presses = fc.array(fc.tuple(fc.constantFrom("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"), fc.boolean()), { maxLength: 60 });
    fc.assert(
      fc.property(presses, (keys) => {
        let crop = MIDDLE;
        for (const [key, resize] of keys) {
          const next = nudged(crop, key, resize) ?? crop;
          expect(isInside(next)).toBe(true);
          if (resize) expect([next.x0, next.y0]).toEqual([crop.x0, crop.y0]);
          else expect(next.x1 - next.x0).toBeCloseTo(crop.x1 - crop.x0, 9);
          crop = next;
        }
      }),
    );
    expect(nudged(MIDDLE, "a", false)).toBeNull();
  });

  it("is told in pixels of the image", () => {
    expect(inPixels({ x0: 0.25, y0: 0.5, x1: 1, y1: 0.75 }, 400, 200)).toBe("100.0,100.0,400.0,150.0");
  });
});
