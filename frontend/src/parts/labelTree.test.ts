import fc from "fast-check";
import { expect, it } from "vitest";
import type { Label } from "@/api/types";
import { branches, possibleParents } from "./labelTree";

const label = (id: number, parent: number | null): Label => ({ id, name: `label ${id}`, color: "#000000", hotkey: "", position: id, parent });

it("shows each label below its parent, in the campaign's order", () => {
  const labels = [label(1, 3), label(2, null), label(3, null), label(4, 1), label(5, 3)];
  expect(branches(labels).map(({ label: { id }, depth }) => [id, depth])).toEqual([[2, 0], [3, 0], [1, 1], [4, 2], [5, 1]]);
});

it("shows every label once, whatever its parent says", () => {
  const parents = fc.array(fc.option(fc.integer({ min: 0, max: 7 })), { maxLength: 6 });
  fc.assert(
    fc.property(parents, (all) => {
      const shown = branches(all.map((parent, id) => label(id, parent))).map((one) => one.label.id);
      expect(shown.toSorted()).toEqual(all.map((_, id) => id));
    }),
  );
});

it("offers no parent that would close a circle", () => {
  const labels = [label(1, null), label(2, 1), label(3, 2), label(4, null)];
  expect(possibleParents(labels, 1).map(({ id }) => id)).toEqual([4]);
  expect(possibleParents(labels, 3).map(({ id }) => id)).toEqual([1, 2, 4]);
});
