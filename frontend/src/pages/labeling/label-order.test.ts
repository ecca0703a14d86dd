import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { humanAnnotation } from "@/actions/annotations";
import { documentOf } from "@/core/document";
import { found, hintsOf, ordered, remembered } from "./label-order";

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 20 });
const hints = fc.record({ image: ids, recent: ids, guesses: ids });
const self = (id: number): number => id;

describe("the order of labels", () => {
  it("loses none and repeats none", () => {
    fc.assert(fc.property(ids, hints, (labels, given) => void expect(ordered(labels, self, given).map(({ entry }) => entry).sort()).toEqual([...labels].sort())));
  });

  it("puts the image's own first, then the last used, then the guesses, then the rest as the campaign has them", () => {
    fc.assert(
      fc.property(ids, hints, (labels, given) => {
        const offers = ordered(labels, self, given);
        const ranks = offers.map(({ why }) => ["image", "recent", "guess", null].indexOf(why));
        expect(ranks).toEqual([...ranks].sort());
        expect(offers.filter(({ why }) => why === null).map(({ entry }) => entry)).toEqual(labels.filter((id) => ![...given.image, ...given.recent, ...given.guesses].includes(id)));
      }),
    );
  });

  it("reads the image's labels and the models' guesses from the document, the surest first", () => {
    const box = { type: "box", x: 0, y: 0, width: 5, height: 5, rotation: 0 } as const;
    const draft = (id: string, label: number, confidence: number) => ({ ...humanAnnotation(id, label, box), review: "draft" as const, origin: "prediction" as const, confidence });
    const document = documentOf([humanAnnotation("w", 7, { type: "whole" }), draft("a", 3, 0.4), draft("b", 5, 0.9), draft("c", 3, 0.6), humanAnnotation("d", 8, box)]);
    expect(hintsOf(document, [2])).toEqual({ image: [7], recent: [2], guesses: [5, 3] });
  });

  it("remembers the last nine, the newest first", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 15 }), { maxLength: 40 }), (given) => {
        const recent = given.reduce<readonly number[]>(remembered, []);
        expect(recent).toEqual([...new Set([...given].reverse())].slice(0, 9));
      }),
    );
  });
});

describe("type-ahead", () => {
  const NAMES = ["Oak tree", "Beech tree", "Roundabout", "Traffic light", "Road", "Boat"];

  it("finds beginnings before words, words before parts, parts before letters in order", () => {
    expect(found(NAMES, String, "r")).toEqual(["Roundabout", "Road", "Oak tree", "Beech tree", "Traffic light"]);
    expect(found(NAMES, String, "oa")).toEqual(["Oak tree", "Road", "Boat", "Roundabout"]);
    expect(found(NAMES, String, "tl")).toEqual(["Traffic light"]);
    expect(found(NAMES, String, "tree")).toEqual(["Oak tree", "Beech tree"]);
    expect(found(NAMES, String, "zebra")).toEqual([]);
  });

  it("always finds a name by any part of it", () => {
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), fc.nat(20), fc.nat(20), (name, from, length) => {
        expect(found(NAMES, String, name.slice(from, from + length + 1))).toContain(name);
      }),
    );
  });
});
