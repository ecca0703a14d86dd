import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { caught, isInside, type Place } from "./lasso";
import { boxOf, type Layout, layoutOf, moved, rowsBetween, rowsOf } from "./layout";

const LAYOUT: Layout = { columns: 3, width_px: 100, height_px: 80, gap_px: 20 };
const layouts: fc.Arbitrary<Layout> = fc.record({ columns: fc.integer({ min: 1, max: 8 }), width_px: fc.integer({ min: 40, max: 300 }), height_px: fc.integer({ min: 40, max: 300 }), gap_px: fc.integer({ min: 0, max: 30 }) });
const places: fc.Arbitrary<Place> = fc.tuple(fc.integer({ min: -50, max: 900 }), fc.integer({ min: -50, max: 900 }));

describe("the lasso", () => {
  it("a rectangle catches what it touches, in the order of the list", () => {
    expect(caught("rectangle", [[110, 90], [330, 190]], 8, LAYOUT)).toEqual([4, 5]);
    expect(caught("rectangle", [[330, 190], [110, 10]], 8, LAYOUT)).toEqual([1, 2, 4, 5]);
  });

  it("a rectangle in the gap catches nothing, and a short last row has no tile in its gap", () => {
    expect(caught("rectangle", [[101, 0], [119, 500]], 8, LAYOUT)).toEqual([]);
    expect(caught("rectangle", [[241, 201], [300, 270]], 8, LAYOUT)).toEqual([]);
  });

  it("a loop catches by its shape, not by the rectangle around it", () => {
    const corner: Place[] = [[-10, -10], [90, -10], [-10, 160]];
    expect(caught("loop", corner, 9, LAYOUT)).toEqual([0, 3]);
    expect(caught("rectangle", corner, 9, LAYOUT)).toEqual([0, 3]);
    const bow: Place[] = [[130, 10], [330, 10], [330, 30], [230, 20], [130, 30]];
    expect(caught("loop", bow, 9, LAYOUT)).toEqual([1, 2]);
    const thin: Place[] = [[110, 40], [350, 40], [350, 41]];
    expect(caught("loop", thin, 9, LAYOUT)).toEqual([1, 2]);
  });

  it("a loop drawn as a rectangle catches what the rectangle catches", () => {
    fc.assert(
      fc.property(layouts, fc.integer({ min: 1, max: 60 }), places, places, (layout, count, a, b) => {
        fc.pre(Math.abs(a[0] - b[0]) > 1 && Math.abs(a[1] - b[1]) > 1);
        const [left, right] = [Math.min(a[0], b[0]) + 0.25, Math.max(a[0], b[0]) - 0.25];
        const [top, bottom] = [Math.min(a[1], b[1]) + 0.25, Math.max(a[1], b[1]) - 0.25];
        const loop: Place[] = [[left, top], [right, top], [right, bottom], [left, bottom]];
        expect(caught("loop", loop, count, layout)).toEqual(caught("rectangle", [[left, top], [right, bottom]], count, layout));
      }),
    );
  });

  it("a tile whose middle lies in the loop is always caught", () => {
    fc.assert(
      fc.property(layouts, fc.integer({ min: 1, max: 40 }), fc.array(places, { minLength: 3, maxLength: 9 }), (layout, count, loop) => {
        const found = new Set(caught("loop", loop, count, layout));
        for (let index = 0; index < count; index += 1) {
          const { left, top, right, bottom } = boxOf(index, layout);
          if (isInside([(left + right) / 2, (top + bottom) / 2], loop)) expect(found.has(index)).toBe(true);
        }
      }),
    );
  });
});

describe("the layout", () => {
  it("shows every row that the window touches, and never one that is not there", () => {
    fc.assert(
      fc.property(layouts, fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: 30_000 }), (layout, count, top) => {
        const { first, last } = rowsBetween(top, top + 700, count, layout, 2);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(last).toBeLessThanOrEqual(rowsOf(count, layout));
        for (let index = 0; index < count; index += 1) {
          const box = boxOf(index, layout);
          const row = Math.floor(index / layout.columns);
          if (box.bottom > top && box.top < top + 700) expect(row >= first && row < last).toBe(true);
        }
      }),
    );
  });

  it("fills the width, with the columns asked for or as many as fit", () => {
    const wish = { tile_px: 184, caption_px: 46, gap_px: 14, aspect: 0.78 };
    expect(layoutOf(1000, { ...wish, columns: 4 }).columns).toBe(4);
    const own = layoutOf(1000, { ...wish, columns: null });
    expect(own.columns * own.width_px + (own.columns - 1) * own.gap_px).toBeCloseTo(1000);
    expect(layoutOf(340, { ...wish, columns: null }).columns).toBe(2);
  });

  it("keys stay in the list, and keep the column where there is one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 8 }), fc.nat(), fc.constantFrom("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"), (count, columns, seed, key) => {
        const from = seed % count;
        const to = moved(from, key, count, columns, 3);
        expect(to).not.toBeNull();
        expect(to).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThan(count);
        if (key === "ArrowUp") expect((to ?? 0) % columns).toBe(from % columns);
      }),
    );
    expect(moved(4, "ArrowDown", 8, 3, 3)).toBe(7);
    expect(moved(5, "ArrowDown", 8, 3, 3)).toBe(7);
    expect(moved(7, "ArrowDown", 8, 3, 3)).toBe(7);
    expect(moved(5, "x", 8, 3, 3)).toBeNull();
  });
});
