import { expect, it } from "vitest";
import { adviceOf, type Facts, waitingFor } from "./nextStep";

const EMPTY: Facts = { images: 0, unlabeled: 0, labeled: 0, labels: 0, attached: 0, mapped: false, prefilled: false, trained: false, rounds: 0, asked: null };

it("leads through the loop once, each step after the one before", () => {
  const walk: Partial<Facts>[] = [
    {},
    { images: 200, unlabeled: 200 },
    { labels: 3 },
    { attached: 1, mapped: true },
    { prefilled: true },
    { labeled: 20, unlabeled: 180 },
    { trained: true },
    { rounds: 1, asked: 20 },
    { asked: 0, labeled: 40, unlabeled: 160 },
  ];
  let facts = EMPTY;
  const steps = walk.map((change) => {
    facts = { ...facts, ...change };
    return adviceOf(facts).step;
  });
  expect(steps).toEqual(["images", "labels", "model", "prefill", "label", "train", "round", "label", "round"]);
});

it("a model without a mapping cannot prefill", () => {
  expect(adviceOf({ ...EMPTY, images: 5, unlabeled: 5, labels: 1, attached: 1 }).step).toBe("model");
});

it("labels made without any model lead to training", () => {
  expect(adviceOf({ ...EMPTY, images: 50, unlabeled: 30, labels: 2, labeled: 20 }).step).toBe("train");
});

it("a small campaign trains on all it has", () => {
  expect(adviceOf({ ...EMPTY, images: 6, unlabeled: 0, labels: 2, labeled: 6 }).step).toBe("train");
});

it("the step that leads on is not shown as done", () => {
  const { step, done } = adviceOf({ ...EMPTY, images: 50, unlabeled: 10, labels: 2, labeled: 40, trained: true, rounds: 2, asked: 3 });
  expect(step).toBe("label");
  expect(done.has("label")).toBe(false);
  expect(done.has("round")).toBe(true);
});

it("counts what is left once the open round is labeled, and not what that round still asks", () => {
  const labeled = { ...EMPTY, images: 30, unlabeled: 6, labels: 1, labeled: 24, trained: true, rounds: 2, asked: 0 };
  expect(waitingFor(adviceOf(labeled).step, labeled)).toBe(6);
  const open = { ...labeled, asked: 4 };
  expect(waitingFor(adviceOf(open).step, open)).toBe(4);
});
