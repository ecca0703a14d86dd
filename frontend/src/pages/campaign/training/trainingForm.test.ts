import { describe, expect, it } from "vitest";
import type { TrainingWish } from "@/api/types";
import { bandsOf, INITIAL, trainingBody, usual, wishesOf } from "./trainingForm";

const wish = (name: string, value: TrainingWish["default"] = null): TrainingWish => ({ name, default: value, choices: null });
const COMMON = ["name", "size", "minutes", "validation", "groups", "seed", "labels", "start_from", "promote"].map((name) => wish(name));
const HEAD = wishesOf([...COMMON, wish("patience", 10)]);
const TUNED = wishesOf([...COMMON, ...["flips", "colour", "crop", "frozen", "bands"].map((name) => wish(name)), wish("batch"), wish("learning_rate", 0.0002)]);

describe("what the form says", () => {
  it("leaves out what was left blank, so that the server fills it in", () => {
    expect(trainingBody(INITIAL, HEAD)).toEqual({ method: "fast_head", size: "small", minutes: 30, validation: 0.2, seed: 0 });
  });

  it("says what the method heeds alone, and keeps the rest for the one that does", () => {
    const values = { ...INITIAL, colour: "light" as const, crop: true, frozen: "early" as const, flips: "turns" as const, batch: 8, bands: "4 3" };
    expect(trainingBody(values, HEAD)).toEqual({ method: "fast_head", size: "small", minutes: 30, validation: 0.2, seed: 0 });
    expect(trainingBody({ ...values, method: "fine_tune" }, TUNED)).toMatchObject({ colour: "light", crop: true, frozen: "early", flips: "turns", batch: 8, bands: [4, 3] });
    // A fast head of objects learns step by step: it heeds how many images a step has, and sees no picture varied.
    const objects = trainingBody({ ...values, learning_rate: 0.01 }, wishesOf([wish("batch", 4), wish("learning_rate", 0.001)]));
    expect(objects).toEqual({ method: "fast_head", batch: 8, learning_rate: 0.01 });
  });

  it("names what stays on one side, labels by their numbers, and the checkpoint to go on from", () => {
    const body = trainingBody({ ...INITIAL, groups: "duplicates", labels: ["3", "5"], start_from: "12-last" }, HEAD);
    expect(body).toMatchObject({ groups: "duplicates", labels: [3, 5], start_from: 12, start_role: "last" });
    expect(trainingBody({ ...INITIAL, start_from: "12-last" }, wishesOf([]))).toEqual({ method: "fast_head" });
  });

  it("reads a small number as people write it, and passes on what is none, so that it is refused and not forgotten", () => {
    const rate = (text: string) => trainingBody({ ...INITIAL, learning_rate: text }, wishesOf([wish("learning_rate", 0.001)])).learning_rate;
    expect(["1e-4", "0.0001", " 0,0001 "].map(rate)).toEqual([0.0001, 0.0001, 0.0001]);
    expect(rate("")).toBeUndefined();
    expect(rate("fast")).toBe("fast");
  });

  it("says one label an image only where there may be several", () => {
    expect(trainingBody({ ...INITIAL, multi_label: false }, HEAD)).not.toHaveProperty("multi_label");
    expect(trainingBody({ ...INITIAL, multi_label: false }, wishesOf([wish("multi_label", true)]))).toEqual({ method: "fast_head", multi_label: false });
  });

  it("shows what holds where nothing is said", () => {
    expect(usual(HEAD, "patience")).toBe("10");
    expect(usual(TUNED, "learning_rate")).toBe("0.0002");
    expect(usual(TUNED, "batch")).toBeUndefined();
  });

  it("names the network of a library that a fine-tuning sets out from, and its uploaded weights", () => {
    const wishes = wishesOf([wish("network"), wish("weights"), wish("start_from")]);
    const values = { ...INITIAL, method: "fine_tune" as const, start_from: "network:torchvision/resnet50", weights: "ab.weights" };
    expect(trainingBody(values, wishes)).toEqual({ method: "fine_tune", network: "torchvision/resnet50", weights: "ab.weights" });
    expect(trainingBody({ ...values, start_from: "network:timm/", timm: " resnet18.a1_in1k " }, wishes)).toMatchObject({ network: "timm/resnet18.a1_in1k" });
    expect(trainingBody({ ...values, start_from: "network:timm/" }, wishes)).toEqual({ method: "fine_tune" });
    expect(trainingBody({ ...values, start_from: "12" }, wishes)).toEqual({ method: "fine_tune", start_from: 12 });
  });

  it("reads bands with anything between them", () => {
    expect(bandsOf("4, 3;2")).toEqual([4, 3, 2]);
    expect(bandsOf(" ")).toBeUndefined();
  });
});
