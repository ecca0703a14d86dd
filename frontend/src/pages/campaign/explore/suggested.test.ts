import { describe, expect, it } from "vitest";
import { byLabel, keyOf } from "./suggested";

const ALL = [
  { image: 1, label: 7, confidence: 0.9, neighbours: [] },
  { image: 2, label: 8, confidence: 0.8, neighbours: [] },
  { image: 3, label: 8, confidence: 0.7, neighbours: [] },
  { image: 4, label: 7, confidence: 0.4, neighbours: [] },
];

describe("suggestions by label", () => {
  it("keep what is sure enough, the fullest label first and the surest of it ahead", () => {
    expect(byLabel(ALL, 0.5, new Set()).map(({ label, suggestions }) => [label, suggestions.map(({ image }) => image)])).toEqual([
      [8, [2, 3]],
      [7, [1]],
    ]);
  });

  it("leave out what somebody left out, for that label alone", () => {
    const groups = byLabel(ALL, 0, new Set([keyOf({ image: 2, label: 8 }), keyOf({ image: 1, label: 8 })]));
    expect(groups.map(({ label, suggestions }) => [label, suggestions.length])).toEqual([
      [7, 2],
      [8, 1],
    ]);
  });
});
