import { describe, expect, it } from "vitest";
import { bandsOf, INITIAL, trainingBody } from "./trainingForm";

describe("what the form says", () => {
  it("leaves out what was left blank, so that the server fills it in", () => {
    expect(trainingBody(INITIAL)).toEqual({ method: "fast_head", size: "small", minutes: 30, validation: 0.2, seed: 0 });
  });

  it("says how pictures vary and which layers stay for a fine-tuning alone", () => {
    const values = { ...INITIAL, colour: "light" as const, crop: true, frozen: "early" as const, flips: "turns" as const, batch: 8 };
    expect(trainingBody(values)).not.toHaveProperty("colour");
    expect(trainingBody({ ...values, method: "fine_tune" })).toMatchObject({ colour: "light", crop: true, frozen: "early", flips: "turns", batch: 8 });
  });

  it("names what stays on one side, and labels by their numbers", () => {
    expect(trainingBody({ ...INITIAL, groups: "duplicates", labels: ["3", "5"] })).toMatchObject({ groups: "duplicates", labels: [3, 5] });
  });

  it("reads bands with anything between them", () => {
    expect(bandsOf("4, 3;2")).toEqual([4, 3, 2]);
    expect(bandsOf(" ")).toBeUndefined();
  });
});
