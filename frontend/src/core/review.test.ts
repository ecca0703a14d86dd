import { describe, expect, it } from "vitest";
import { humanAnnotation, setLabel, setShape } from "@/actions/annotations";
import { chosenLabels, guesses, toggleLabel } from "@/actions/classification";
import { accept, acceptAllAbove, reject } from "@/actions/review";
import { LONGEST_PAUSE_S, noteActivity, startActivity, takeActivity } from "./activity";
import { documentOf } from "./document";
import { countDrafts, shownAnnotations } from "./review";
import { among, neighbour, toggled } from "./selection";
import type { Annotation } from "./types";

const WATER = { id: 3, name: "Water", version: "1" };
const draft = (id: string, label: number, confidence: number | null): Annotation => ({
  ...humanAnnotation(id, label, { type: "box", x: 0, y: 0, width: 5, height: 5, rotation: 0 }), origin: "prediction", review: "draft", confidence, model: WATER,
});
const guess = (id: string, label: number, confidence: number): Annotation => ({ ...draft(id, label, confidence), shape: { type: "whole" } });

describe("drafts", () => {
  const human = humanAnnotation("human", 1, { type: "box", x: 1, y: 1, width: 2, height: 2, rotation: 0 });
  const document = documentOf([draft("high", 1, 0.9), draft("low", 1, 0.4), draft("other", 2, 0.6), draft("unsure", 2, null), human]);
  const thresholds = { all: 0.5, byLabel: { 2: 0.7 } };

  it("are shown at or above the threshold of their label; what people drew always is", () => {
    expect(shownAnnotations(document, { thresholds, hidden: new Set(), hiddenLabels: new Set() }).map(({ id }) => id)).toEqual(["high", "unsure", "human"]);
    expect(countDrafts(document, thresholds)).toEqual({ drafts: 4, above: 2 });
  });

  it("accepted together are those shown, and they stay the model's", () => {
    const after = acceptAllAbove(document, thresholds);
    expect([...after.values()].filter(({ review }) => review === "draft").map(({ id }) => id)).toEqual(["low", "other"]);
    expect(after.get("high")).toMatchObject({ origin: "prediction", review: "accepted", confidence: 0.9 });
  });

  it("become human by an edit of shape or label", () => {
    const moved = setShape(document, "high", { type: "box", x: 2, y: 0, width: 5, height: 5, rotation: 0 });
    expect(moved.get("high")).toMatchObject({ origin: "human", review: "accepted", confidence: null });
    expect(setLabel(document, ["low"], 2).get("low")).toMatchObject({ origin: "human", review: "accepted", label: 2 });
    expect(setLabel(document, ["low"], 1)).toBe(document);
  });

  it("rejected are gone, and rejecting never touches accepted work", () => {
    expect(reject(document, ["high", "human"]).has("high")).toBe(false);
    expect(reject(document, ["high", "human"]).has("human")).toBe(true);
    expect(accept(document, ["human"])).toBe(document);
  });
});

describe("labels of the whole image", () => {
  const guessed = documentOf([guess("g1", 1, 0.3), guess("g2", 2, 0.6)]);

  it("offer the surest guess first", () => {
    expect(guesses(guessed).map(({ id }) => id)).toEqual(["g2", "g1"]);
  });

  it("with one label an image, choosing one ends all others", () => {
    const chosen = toggleLabel(guessed, 3, { multi: false, id: "new" });
    expect(chosenLabels(chosen)).toEqual([3]);
    expect(chosen.size).toBe(1);
    expect(chosenLabels(toggleLabel(chosen, 1, { multi: false, id: "next" }))).toEqual([1]);
  });

  it("agreeing with a guess keeps whose it was; pressing again takes it back", () => {
    const agreed = toggleLabel(guessed, 2, { multi: true, id: "new" });
    expect(agreed.get("g2")).toMatchObject({ origin: "prediction", review: "accepted" });
    expect(agreed.has("g1")).toBe(true);
    expect(chosenLabels(toggleLabel(agreed, 2, { multi: true, id: "new" }))).toEqual([]);
  });
});

describe("the selection", () => {
  it("walks through the objects and ends at either end", () => {
    expect(neighbour(["a", "b"], undefined, 1)).toBe("a");
    expect(neighbour(["a", "b"], undefined, -1)).toBe("b");
    expect(neighbour(["a", "b"], "a", 1)).toBe("b");
    expect(neighbour(["a", "b"], "b", 1)).toBeNull();
    expect(neighbour([], undefined, 1)).toBeNull();
  });

  it("takes and leaves objects, and forgets what is gone", () => {
    expect(toggled(["a"], "b")).toEqual(["a", "b"]);
    expect(toggled(["a", "b"], "a")).toEqual(["b"]);
    expect(among(["a", "b"], (id) => id === "b")).toEqual(["b"]);
  });
});

describe("active seconds", () => {
  it("count work, and cut a long pause short", () => {
    const worked = noteActivity(noteActivity(startActivity(0), 4_000), 4_000 + 3_600_000);
    expect(worked.active_s).toBe(4 + LONGEST_PAUSE_S);
    const { rest, active_s } = takeActivity(worked);
    expect([active_s, rest.active_s]).toEqual([19, 0]);
  });
});
