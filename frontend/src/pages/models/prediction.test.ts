import { describe, expect, it } from "vitest";
import { countedAs, classColor, linesOfItems, pathOf, withFoundClasses } from "./prediction";

it("an answer reads as a list, the surest first", () => {
  const lines = linesOfItems([
    { kind: "box", index: 0, class: "ship", confidence: 0.4, x: 0, y: 0, width: 1, height: 1, rotation: 0 },
    { kind: "classification", mode: "single", scores: [{ index: 1, class: "land", confidence: 0.9 }, { index: 0, class: "water", confidence: 0.1 }] },
  ]);
  expect(lines.map((line) => [line.name, line.confidence])).toEqual([["land", 0.9], ["ship", 0.4], ["water", 0.1]]);
});

it("a polygon with a hole is one path of two rings", () => {
  expect(pathOf([[[[0, 0], [9, 0], [9, 9], [0, 0]], [[1, 1], [2, 1], [2, 2], [1, 1]]]])).toBe("M0 0L9 0L9 9L0 0ZM1 1L2 1L2 2L1 1Z");
});

it("class 0 has a colour and an unknown class another", () => {
  expect(classColor(0)).not.toBe(classColor(null));
});

it("classes that only the answer names come behind the model's own, each once", () => {
  const lines = [{ name: "water", index: null }, { name: "land", index: null }, { name: "water", index: null }, { name: "sea", index: 4 }];
  expect(withFoundClasses([{ index: 4, name: "sea" }], lines)).toEqual([{ index: 4, name: "sea" }, { index: 5, name: "land" }, { index: 6, name: "water" }]);
  expect(withFoundClasses([], [])).toEqual([]);
});

it("classes that an answer only counts can be taken over by their numbers", () => {
  const lines = [{ name: "1", index: 1 }, { name: "", index: 0 }, { name: "1", index: 1 }, { name: "sea", index: 4 }, { name: "land", index: null }];
  expect(withFoundClasses([{ index: 4, name: "sea" }], lines)).toEqual([{ index: 4, name: "sea" }, { index: 0, name: "0" }, { index: 1, name: "1" }, { index: 5, name: "land" }]);
});

describe("the heading over what was found", () => {
  it("says of an answer without a thing that nothing was found, not that no classes were scored", () => {
    expect(countedAs([])).toBe("nothing");
    expect(countedAs([{ what: "class" }, { what: "class" }])).toBe("scored");
    expect(countedAs([{ what: "class" }, { what: "box" }])).toBe("found");
  });
});
