import { expect, it } from "vitest";
import { brokenRule } from "./labelRules";

const labels = [
  { id: 1, name: "Day", group: "light" },
  { id: 2, name: "Night", group: "light" },
  { id: 3, name: "Boat", group: "" },
  { id: 4, name: "Ship" },
];

it("says which labels exclude each other, and nothing of those that do not", () => {
  expect(brokenRule(labels, new Set([1, 2]), {})).toBe("Day and Night exclude each other (light): keep one of them.");
  expect(brokenRule(labels, new Set([1, 3, 4]), {})).toBeNull();
});

it("says how many labels an image takes", () => {
  expect(brokenRule(labels, new Set(), { min_labels: 1 })).toBe("Choose at least 1 label; this image has 0.");
  expect(brokenRule(labels, new Set([1, 3, 4]), { max_labels: 2 })).toBe("Choose at most 2 labels; this image has 3.");
  expect(brokenRule(labels, new Set([1, 3]), { min_labels: 2, max_labels: 2 })).toBeNull();
  expect(brokenRule(labels, new Set(), {})).toBeNull();
});
