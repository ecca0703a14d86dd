import { expect, it } from "vitest";
import { labelProblems, nextLabel, PALETTE, withNames } from "./labelDrafts";

it("a new label takes the first free colour and key", () => {
  const first = nextLabel([]);
  expect(first).toEqual({ name: "", color: PALETTE[0], hotkey: "1" });
  expect(nextLabel([first])).toEqual({ name: "", color: PALETTE[1], hotkey: "2" });
  expect(nextLabel([{ name: "x", color: "#123456", hotkey: "2" }])).toEqual({ name: "", color: PALETTE[0], hotkey: "1" });
});

it("keys run out without a clash", () => {
  const labels = withNames([], Array.from({ length: 12 }, (_, index) => `label ${index}`).join(","));
  expect(labels).toHaveLength(12);
  expect(labelProblems(labels)).toEqual([]);
  expect(labels[11]?.hotkey).toBe("");
});

it("a pasted list adds what is new", () => {
  const labels = withNames([{ name: "Water", color: "#000000", hotkey: "" }], "land, water\n ice ;");
  expect(labels.map((label) => label.name)).toEqual(["Water", "land", "ice"]);
});

it("empty names and repeated names or keys stand in the way", () => {
  const labels = [
    { name: "a", color: "#000000", hotkey: "1" },
    { name: "a", color: "#000000", hotkey: "1" },
    { name: " ", color: "#000000", hotkey: "" },
  ];
  expect(labelProblems(labels)).toEqual([
    { index: 1, field: "name", problem: "taken" },
    { index: 1, field: "hotkey", problem: "taken" },
    { index: 2, field: "name", problem: "empty" },
  ]);
});
