import { expect, it } from "vitest";
import type { RoundPlan } from "@/api/progress";
import { planForm, planOf } from "./plan";

const NEVER: RoundPlan = {
  every: 0, nightly: false, at: "02:00", zone: "UTC", at_least: 20, strategy: "uherding", size: 100, new_labels: 0, labels_since_round: 0, refits: true, explanation: "", run: null, note: "",
};

it("a plan that was never set offers ten images and the browser's time zone, and is off", () => {
  expect(planForm(NEVER, "Europe/Berlin")).toEqual({ again: false, every: 10, nightly: false, at: "02:00", zone: "Europe/Berlin", atLeast: 20 });
});

it("switching it off sends zero, whatever number stands there", () => {
  expect(planOf({ ...planForm(NEVER, "UTC"), every: 7 }, NEVER, "uherding").every).toBe(0);
  expect(planOf({ ...planForm(NEVER, "UTC"), again: true, every: 7 }, NEVER, "uherding").every).toBe(7);
});

it("what the form does not show stays, and empty fields take what was there", () => {
  const sent = planOf({ ...planForm({ ...NEVER, size: 33, strategy: "margin" }, "UTC"), again: true, every: "", at: "03:30:00", atLeast: "" }, { ...NEVER, size: 33, strategy: "margin" }, "uherding");
  expect(sent).toMatchObject({ size: 33, strategy: "margin", every: 10, at: "03:30", at_least: 20 });
});
