import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { add, humanAnnotation, move, remove, setLabel } from "@/actions/annotations";
import { applyPatch, difference, documentOf, EMPTY_DOCUMENT, isEmptyPatch, newAnnotationId, sameValue, type AnnotationDocument } from "./document";
import { canRedo, canUndo, commit, redo, startHistory, undo } from "./history";
import type { Annotation } from "./types";

const SIZE = { width: 200, height: 100 };

const annotation = fc.record({
  id: fc.constantFrom("a", "b", "c", "d", "e", "f"),
  label: fc.integer({ min: 1, max: 4 }),
  x: fc.integer({ min: 0, max: 150 }),
  y: fc.integer({ min: 0, max: 80 }),
  draft: fc.boolean(),
});

function boxed({ id, label, x, y, draft }: { id: string; label: number; x: number; y: number; draft: boolean }): Annotation {
  const human = humanAnnotation(id, label, { type: "box", x, y, width: 20, height: 10, rotation: 0 });
  return draft ? { ...human, origin: "prediction", review: "draft", confidence: 0.7 } : human;
}

const documents = fc.array(annotation, { maxLength: 8 }).map((all) => documentOf(all.map(boxed)));

const step = fc.oneof(
  annotation.map((a) => (document: AnnotationDocument) => add(document, boxed(a))),
  annotation.map(({ id }) => (document: AnnotationDocument) => remove(document, [id])),
  annotation.map(({ id, label }) => (document: AnnotationDocument) => setLabel(document, [id], label)),
  annotation.map(({ id, x, y }) => (document: AnnotationDocument) => move(document, [id], [x - 75, y - 40], SIZE)),
);

describe("documents", () => {
  it("come back from the difference of any two", () => {
    fc.assert(
      fc.property(documents, documents, (before, after) => {
        const again = applyPatch(before, difference(before, after));
        expect(new Map([...again].sort())).toEqual(new Map([...after].sort()));
      }),
    );
  });

  it("differ from themselves by nothing, even when read again from JSON", () => {
    fc.assert(
      fc.property(documents, (document) => {
        const read = documentOf(JSON.parse(JSON.stringify([...document.values()])) as Annotation[]);
        expect(isEmptyPatch(difference(document, read))).toBe(true);
      }),
    );
  });

  it("send one annotation when one of ten thousand was moved", () => {
    const many = documentOf(Array.from({ length: 10_000 }, (_, at) => boxed({ id: `n${at}`, label: 1, x: at % 150, y: at % 80, draft: false })));
    const patch = difference(many, move(many, ["n77"], [1, 0], SIZE));
    expect(patch.upsert.map(({ id }) => id)).toEqual(["n77"]);
    expect(patch.delete).toEqual([]);
  });

  it("are never changed by an action", () => {
    fc.assert(
      fc.property(documents, step, (document, act) => {
        const before = JSON.stringify([...document]);
        act(document);
        expect(JSON.stringify([...document])).toBe(before);
      }),
    );
  });

  it("name new annotations with twelve letters and digits", () => {
    expect(newAnnotationId()).toMatch(/^[0-9A-Za-z]{12}$/);
    expect(new Set(Array.from({ length: 500 }, () => newAnnotationId())).size).toBe(500);
  });
});

describe("history", () => {
  it("undoes any number of steps back to the very first document, and redoes them all", () => {
    fc.assert(
      fc.property(documents, fc.array(step, { maxLength: 20 }), (first, steps) => {
        const end = steps.reduce((history, act) => commit(history, act(history.present.document), "did"), startHistory(first));
        let back = end;
        while (canUndo(back)) back = undo(back);
        expect(back.present.document).toBe(first);
        let forth = back;
        while (canRedo(forth)) forth = redo(forth);
        expect(forth.present.document).toBe(end.present.document);
      }),
    );
  });

  it("makes one step of nudges in a row, and two of nudges with something between", () => {
    const [a, b, c, d] = [1, 2, 3, 4].map((label) => documentOf([boxed({ id: "a", label, x: 0, y: 0, draft: false })]));
    if (!a || !b || !c || !d) throw new Error("four documents");
    const nudged = commit(commit(startHistory(a), b, "Nudged", "n"), c, "Nudged", "n");
    expect(undo(nudged).present.document).toBe(a);
    expect(undo(commit(commit(startHistory(a), b, "Nudged", "n"), d, "Moved")).present.document).toBe(b);
  });

  it("forgets what was undone when something new is done, and does not record doing nothing", () => {
    const one = add(EMPTY_DOCUMENT, boxed({ id: "a", label: 1, x: 0, y: 0, draft: false }));
    const undone = undo(commit(startHistory(EMPTY_DOCUMENT), one, "Drew"));
    expect(canRedo(commit(undone, remove(one, ["a"]), "Deleted"))).toBe(false);
    expect(commit(undone, EMPTY_DOCUMENT, "Nothing")).toBe(undone);
  });
});

describe("values", () => {
  it("are the same by content, whatever the order of their keys", () => {
    expect(sameValue({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true);
    expect(sameValue({ a: 1 }, { a: 1, b: undefined })).toBe(false);
    expect(sameValue([1, 2], { 0: 1, 1: 2 })).toBe(false);
  });
});
