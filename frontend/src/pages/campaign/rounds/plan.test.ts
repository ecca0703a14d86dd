import { expect, it } from "vitest";
import type { RoundPlan } from "@/api/progress";
import { planForm, planOf } from "./plan";

const NEVER: RoundPlan = {
  every: 0, nightly: false, at: "02:00", zone: "UTC", at_least: 20, strategy: "", size: 100, new_labels: 0, labels_since_round: 0, refits: true, explanation: "", run: null, note: "",
};

it("a plan that was never set offers ten images and the browser's time zone, and is off", () => {
  expect(planForm(NEVER, "Europe/Berlin")).toEqual({ again: false, every: 10, nightly: false, at: "02:00", zone: "Europe/Berlin", atLeast: 20, strategy: "automatic", size: 100 });
});

it("switching it off sends zero, whatever number stands there", () => {
  expect(planOf({ ...planForm(NEVER, "UTC"), every: 7 }, NEVER).every).toBe(0);
  expect(planOf({ ...planForm(NEVER, "UTC"), again: true, every: 7 }, NEVER).every).toBe(7);
});

it("without a choice each round takes what suits best, and a choice can be taken back", () => {
  expect(planOf(planForm(NEVER, "UTC"), NEVER).strategy).toBe("");
  expect(planOf({ ...planForm({ ...NEVER, strategy: "margin" }, "UTC"), strategy: "automatic" }, { ...NEVER, strategy: "margin" }).strategy).toBe("");
});

it("what the form does not show stays, and empty fields take what was there", () => {
  const sent = planOf({ ...planForm({ ...NEVER, size: 33, strategy: "margin" }, "UTC"), again: true, every: "", at: "03:30:00", atLeast: "", size: "" }, { ...NEVER, size: 33, strategy: "margin" });
  expect(sent).toMatchObject({ size: 33, strategy: "margin", every: 10, at: "03:30", at_least: 20 });
});
