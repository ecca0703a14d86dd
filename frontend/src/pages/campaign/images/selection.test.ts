import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inOrder, intersected, inverted, NO_SELECTION, only, outside, ranged, type Selection, toggled, united, without } from "./selection";

const ORDER = [5, 3, 9, 1];
const idsOf = (selection: Selection): number[] => [...selection.ids].sort((a, b) => a - b);
const orders = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
const selections: fc.Arbitrary<Selection> = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 20 }).map((ids) => ({ ids: new Set(ids), anchor: ids[0] ?? null }));

describe("the selection", () => {
  it("a plain click chooses one alone, Ctrl adds and lets go", () => {
    const two = toggled(only(3), 9);
    expect(idsOf(two)).toEqual([3, 9]);
    expect(idsOf(toggled(two, 3))).toEqual([9]);
    expect(idsOf(only(1))).toEqual([1]);
  });

  it("a range runs in the order that is shown, either way, from the same anchor", () => {
    const from = only(9);
    expect(idsOf(ranged(from, ORDER, 5, false))).toEqual([3, 5, 9]);
    expect(idsOf(ranged(ranged(from, ORDER, 5, false), ORDER, 1, false))).toEqual([1, 9]);
  });

  it("a range with Ctrl keeps what was chosen before; without a start it is a click", () => {
    expect(idsOf(ranged(toggled(only(5), 9), ORDER, 1, true))).toEqual([1, 5, 9]);
    expect(idsOf(ranged(NO_SELECTION, ORDER, 9, false))).toEqual([9]);
  });

  it("turning it round twice is nothing, and leaves alone what the filter hides", () => {
    fc.assert(
      fc.property(selections, orders, (selection, order) => {
        const turned = inverted(selection, order);
        expect(idsOf(inverted(turned, order))).toEqual(idsOf(selection));
        for (const id of order) expect(turned.ids.has(id)).toBe(!selection.ids.has(id));
        expect([...turned.ids].filter((id) => !order.includes(id)).sort()).toEqual([...selection.ids].filter((id) => !order.includes(id)).sort());
      }),
    );
  });

  it("adding, taking away and keeping only are union, difference and intersection", () => {
    fc.assert(
      fc.property(selections, orders, (selection, more) => {
        const both = idsOf(united(selection, more));
        expect(both).toEqual([...new Set([...selection.ids, ...more])].sort((a, b) => a - b));
        expect(idsOf(intersected(united(selection, more), more))).toEqual([...more].sort((a, b) => a - b));
        expect(idsOf(without(selection, more)).some((id) => more.includes(id))).toBe(false);
        expect(idsOf(without(selection, more)).length + idsOf(intersected(selection, more)).length).toBe(selection.ids.size);
      }),
    );
  });

  it("an anchor is always chosen, so that no range starts at what was let go", () => {
    fc.assert(
      fc.property(selections, orders, (selection, some) => {
        for (const next of [without(selection, some), intersected(selection, some), inverted(selection, some)]) expect(next.anchor === null || next.ids.has(next.anchor)).toBe(true);
      }),
    );
  });

  it("counts what the filter hides, and puts it last", () => {
    fc.assert(
      fc.property(selections, orders, (selection, order) => {
        const shown = new Map(order.map((id, at) => [id, at]));
        const ordered = inOrder(selection, order);
        expect(ordered.toSorted((a, b) => a - b)).toEqual(idsOf(selection));
        const hidden = outside(selection, shown);
        expect(ordered.slice(ordered.length - hidden).every((id) => !shown.has(id))).toBe(true);
        const places = ordered.slice(0, ordered.length - hidden).map((id) => shown.get(id) ?? -1);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
      }),
    );
  });
});
