import { describe, expect, it } from "vitest";
import { basisOf, CURRENT, TRAIN } from "./defaults";

describe("what a round goes by", () => {
  it("names the current model, so that a strategy that could do without one still drafts by it", () => {
    expect(basisOf(CURRENT, 7)).toEqual({ model: 7 });
  });

  it("names none where the campaign has none", () => {
    expect(basisOf(CURRENT, undefined)).toEqual({});
  });

  it("trains first, or takes the model that was chosen, whatever the current one is", () => {
    expect(basisOf(TRAIN, 7)).toEqual({ train: true });
    expect(basisOf("9", 7)).toEqual({ model: 9 });
  });
});
