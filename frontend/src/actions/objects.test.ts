import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerOf, defaultAnswers, missingAnswer, type Definitions } from "@/core/attributes";
import { documentOf, type AnnotationDocument } from "@/core/document";
import type { Annotation } from "@/core/types";
import { HitIndex } from "@/shapes/hit-index";
import { humanAnnotation } from "./annotations";
import { commonAnswer, setAttribute, toggleAttribute } from "./attributes";
import { paste, placed } from "./clipboard";
import { pass, stacked, toBack, toFront } from "./order";

const box = (id: string, x = 0, side = 40): Annotation => humanAnnotation(id, 1, { type: "box", x, y: 0, width: side, height: side, rotation: 0 });
const draft = (id: string): Annotation => ({ ...box(id), origin: "prediction", review: "draft", confidence: 0.7, model: { id: 1, name: "Finder", version: "1" } });
const order = (document: AnnotationDocument): string[] => stacked(document).map(({ id }) => id);
const IDS = ["a", "b", "c", "d", "e"];

describe("drawing order", () => {
  const heights = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 5, maxLength: 5 });
  const documents = heights.map((zs) => documentOf(IDS.map((id, at) => ({ ...box(id), ...(zs[at] ? { z: zs[at] } : {}) }))));

  it("puts the chosen on top, or below all, and leaves the order of the rest", () => {
    fc.assert(
      fc.property(documents, fc.subarray(IDS, { minLength: 1, maxLength: 4 }), (document, ids) => {
        const before = order(document);
        const [chosen, rest] = [before.filter((id) => ids.includes(id)), before.filter((id) => !ids.includes(id))];
        expect(order(toFront(document, ids))).toEqual([...rest, ...chosen]);
        expect(order(toBack(document, ids))).toEqual([...chosen, ...rest]);
      }),
    );
  });

  it("passes the next one that overlaps, and no other needs to change", () => {
    fc.assert(
      fc.property(documents, fc.constantFrom(...IDS), (document, id) => {
        const before = order(document);
        const after = pass(document, id, 1);
        const next = before[before.indexOf(id) + 1];
        if (next === undefined) expect(after).toBe(document);
        else expect(order(after).indexOf(id)).toBeGreaterThan(order(after).indexOf(next));
        expect(IDS.filter((other) => other !== id).every((other) => after.get(other) === document.get(other))).toBe(true);
      }),
    );
  });

  it("does not care for what lies elsewhere", () => {
    const document = documentOf([box("a"), box("far", 500)]);
    expect(pass(document, "a", 1)).toBe(document);
  });

  it("writes no zero, as the server writes none", () => {
    const document = toFront(documentOf([{ ...box("a"), z: -1 }, { ...box("b"), z: -1 }]), ["a"]);
    expect(Object.hasOwn(document.get("a") ?? {}, "z")).toBe(false);
  });

  it("is what the pointer finds first", () => {
    const index = new HitIndex();
    index.sync(documentOf([box("small", 0, 20), { ...box("large", 0, 60), z: 1 }]));
    expect(index.at([10, 10], 0).map(({ id }) => id)).toEqual(["large", "small"]);
  });
});

describe("attributes", () => {
  const definitions: Definitions = new Map([[1, [{ name: "species", type: "choice", options: ["oak", "elm"], required: true }, { name: "height", type: "number", min: 0, max: 60, default: 3 }]]]);

  it("begin with their defaults, and a required one stays missing until it is answered", () => {
    expect(defaultAnswers(definitions, 1)).toEqual({ height: 3 });
    expect(missingAnswer(box("a"), definitions)).toBe("species");
    const answered = setAttribute(documentOf([box("a")]), ["a"], "species", "oak").get("a");
    expect(answered && missingAnswer(answered, definitions)).toBeNull();
  });

  it("accept a draft that is answered for, and leave it the model's", () => {
    const after = toggleAttribute(documentOf([draft("a")]), ["a"], "occluded").get("a");
    expect(after).toMatchObject({ review: "accepted", origin: "prediction", confidence: 0.7, attributes: { occluded: true } });
  });

  it("switch on for all unless all have it", () => {
    const one = toggleAttribute(documentOf([box("a"), box("b")]), ["a"], "occluded");
    const both = toggleAttribute(one, ["a", "b"], "occluded");
    expect(commonAnswer([...one.values()], "occluded")).toBeUndefined();
    expect(commonAnswer([...both.values()], "occluded")).toBe(true);
    expect(commonAnswer([...toggleAttribute(both, ["a", "b"], "occluded").values()], "occluded")).toBeNull();
    expect(setAttribute(both, ["a", "b"], "occluded", true)).toBe(both);
  });

  it("take numbers within their range, and no other text", () => {
    const height = definitions.get(1)?.[1] ?? { name: "", type: "number" };
    expect([answerOf(height, "12.5"), answerOf(height, ""), answerOf(height, "61"), answerOf(height, "tall")]).toEqual([12.5, null, undefined, undefined]);
  });
});

describe("copies", () => {
  const size = { width: 100, height: 100 };
  const options = (offset: readonly [number, number]) => ({ size, offset, freshId: ((n) => () => `new${++n}`)(0) });

  it("stand beside their originals, inside the image, and are a person's", () => {
    const document = documentOf([draft("a")]);
    const made = paste(document, placed(document, ["a"]), options([12, 12]));
    expect(made.document.get("new1")).toMatchObject({ shape: { x: 12, y: 12 }, origin: "human", review: "accepted", confidence: null, model: null });
    expect(made.document.get("a")).toBe(document.get("a"));
    expect(made.ids).toEqual(["new1"]);
  });

  it("that do not fit are counted, not squeezed", () => {
    const mask: Annotation = humanAnnotation("m", 1, { type: "mask", size: [50, 50], counts: "0" });
    const made = paste(documentOf([]), [box("a", 80), box("b", 10), mask], options([0, 0]));
    expect([made.ids.length, made.refused]).toEqual([1, 2]);
  });

  it("are made of objects, not of labels of the whole image", () => {
    expect(placed(documentOf([humanAnnotation("w", 1, { type: "whole" }), box("a")]), ["w", "a"]).map(({ id }) => id)).toEqual(["a"]);
  });
});
