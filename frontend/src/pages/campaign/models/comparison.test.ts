import { describe, expect, it } from "vitest";
import type { CampaignModel, ModelComparison } from "@/api/types";
import { bestOf, figureOf, firstCompared, mostDisputed, namesOf, shownRate } from "./comparison";

const figures = (f1: number | null) => ({ said: 1, true: 1, precision: f1, recall: f1, f1, iou: null });
const model = (id: number, overall: number | null, water: number) => ({
  id, name: `m${id}`, version: "1", answered: 2, drafted: 0, right: 1, overall: figures(overall),
  labels: [{ label_id: 7, ...figures(water) }], mean_ms: null, p50_ms: null, p95_ms: null, calls: 0, failures: 0,
  images_per_s: null, asked: 0, unanswered: 0, complaint: "",
});
const dispute = (image: number, much: number) => ({ image, name: `i${image}`, dispute: much });
const pair = (disputed: ReturnType<typeof dispute>[]) => ({ models: [1, 2], images: 2, same_labels: 0.5, f1: 0.5, disputed });

const comparison = (...pairs: ReturnType<typeof pair>[]): ModelComparison => ({
  counted: "labels", overlap: null, images: 2, common: 2, with_truth: 2, true_annotations: 2, models: [model(1, 0.5, 0.25)], pairs,
});

describe("models side by side", () => {
  it("a label that a model never had to do with has no figure", () => {
    expect(figureOf(model(1, 0.5, 0.25), 7, "f1")).toBe(0.25);
    expect(figureOf(model(1, 0.5, 0.25), null, "f1")).toBe(0.5);
    expect(figureOf(model(1, 0.5, 0.25), 8, "f1")).toBeNull();
  });

  it("the best are marked, and nobody where all are equal or only one has a figure", () => {
    expect([...bestOf([0.5, 0.75, null])]).toEqual([1]);
    expect([...bestOf([0.75, 0.5, 0.75])]).toEqual([0, 2]);
    expect(bestOf([0.5, 0.5001]).size).toBe(0);
    expect(bestOf([null, 0.5]).size).toBe(0);
    expect(bestOf([]).size).toBe(0);
  });

  it("an image that several pairs dispute comes once, with its greatest dispute", () => {
    const found = mostDisputed(comparison(pair([dispute(1, 0.75), dispute(2, 0.5)]), pair([dispute(2, 1), dispute(3, 0.25)])), 2);
    expect(found).toEqual([dispute(2, 1), dispute(1, 0.75)]);
  });

  it("a run is called by the models it compares, and one without names by nothing", () => {
    expect(namesOf({ params: { compared: [{ id: 1, name: "Coast", version: "2" }, { id: 3, name: "Shore", version: "" }] } })).toBe("Coast · v2, Shore");
    expect(namesOf({ params: {} })).toBe("");
  });

  it("a comparison begins with models that give labels, and takes others only where those are too few", () => {
    const attached = (id: number, label: number | null) => ({ id, mapping: [{ label }] }) as unknown as CampaignModel;
    const ids = (...able: CampaignModel[]) => firstCompared(able).map(({ id }) => id);
    expect(ids(attached(1, null), attached(2, 7), attached(3, 8))).toEqual([2, 3]);
    expect(ids(attached(1, null), attached(2, 7))).toEqual([2, 1]);
  });

  it("a rate has as many digits as it is worth", () => {
    expect([0.123, 4.56, 551.4].map((rate) => shownRate(rate, "en"))).toEqual(["0.12", "4.6", "551"]);
    expect(shownRate(null, "en")).toBe("–");
  });
});
