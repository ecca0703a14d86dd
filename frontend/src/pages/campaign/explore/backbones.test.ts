import { describe, expect, it } from "vitest";
import { choiceOf, FRESH } from "./backbones";

describe("what a person chose as a backbone", () => {
  const file = new File(["w"], "net.pth");
  const weights = { ...FRESH, kind: "weights", architecture: " resnet18 ", file } as const;

  it("is asked for with its own settings alone", () => {
    expect(choiceOf(FRESH)).toEqual({ kind: "installed", size: "medium" });
    expect(choiceOf({ ...FRESH, kind: "model", model: "12" })).toEqual({ kind: "model", model: 12 });
    expect(choiceOf(weights)).toEqual({ kind: "weights", library: "torchvision", architecture: "resnet18", side_px: 224, normalisation: "imagenet", file });
    expect(choiceOf({ ...weights, file: null })).toEqual({ kind: "weights", library: "torchvision", architecture: "resnet18", side_px: 224, normalisation: "imagenet" });
  });

  it("waits for what is missing", () => {
    expect(choiceOf({ ...FRESH, kind: "model" })).toBeNull();
    expect(choiceOf({ ...weights, architecture: " " })).toBeNull();
    expect(choiceOf({ ...weights, side: 16 })).toBeNull();
  });
});
