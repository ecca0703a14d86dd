import { describe, expect, it } from "vitest";
import { basisOf, CURRENT, needOf, rankable, TRAIN, UNSURE } from "./defaults";

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

describe("what a round can go by", () => {
  it("is the current model, instead of one trained now, where it asks for what a model leaves to people", () => {
    expect(rankable(TRAIN, ["balanced", UNSURE])).toBe(CURRENT);
    expect(rankable(TRAIN, ["balanced"])).toBe(TRAIN);
    expect(rankable("9", [UNSURE])).toBe("9");
  });
});

describe("what a strategy cannot do without", () => {
  it("is told by what is rarest: a committee or a head is a model, too", () => {
    expect(needOf({ needs: ["committee", "model", "probabilities"] })).toBe("committee");
    expect(needOf({ needs: ["embeddings", "head", "model", "probabilities"] })).toBe("head");
    expect(needOf({ needs: ["flip", "model", "probabilities"] })).toBe("model");
    expect(needOf({ needs: ["embeddings"] })).toBe("nothing");
    expect(needOf({ needs: [] })).toBe("nothing");
  });
});
