import { describe, expect, it } from "vitest";
import { accept } from "@/actions/review";
import { humanAnnotation } from "@/actions/annotations";
import { documentOf, EMPTY_DOCUMENT } from "@/core/document";
import { DEFAULT_THRESHOLDS } from "@/core/review";
import { Session } from "@/modes/session";
import { EffortBook } from "./effort-book";

const box = { type: "box", x: 1, y: 1, width: 5, height: 5, rotation: 0 } as const;
const draft = (id: string) => ({ ...humanAnnotation(id, 1, box), origin: "prediction" as const, review: "draft" as const, confidence: 0.9 });

function desk(document = EMPTY_DOCUMENT) {
  let made = 0;
  const session = new Session({ size: { width: 100, height: 100 }, document, label: 1, thresholds: DEFAULT_THRESHOLDS, newId: () => `n${(made += 1)}` });
  return { session, book: new EffortBook(session) };
}

describe("the account of work", () => {
  it("counts what leads to an object with that object", () => {
    const { session, book } = desk();
    session.setMode("draw-box");
    book.input();
    book.pass(2);
    session.create(box);
    book.input({ drew: true });
    expect(book.take()).toEqual({ n1: { active_s: 2, actions: 2 } });
  });

  it("counts no input after which everything is as before", () => {
    const { book } = desk();
    book.input();
    book.input();
    book.pass(1);
    book.settle();
    expect(book.take()).toEqual({});
  });

  it("counts a key that is held down as one press", () => {
    const { session, book } = desk();
    session.create(box);
    book.input();
    for (let n = 0; n < 5; n += 1) {
      session.apply("Nudged", (document) => documentOf([...document.values()].map((annotation) => ({ ...annotation, shape: { ...box, x: n + 2 } }))));
      book.input({ repeats: n > 0 });
    }
    expect(book.take()).toEqual({ n1: { active_s: 0, actions: 2 } });
  });

  it("gives the last look to what was worked on, and nothing to what the page did by itself", () => {
    const { session, book } = desk(documentOf([draft("a"), draft("b")]));
    session.select(["b"]);
    book.begin();
    book.pass(3);
    session.apply("Accepted", (document) => accept(document, ["a"]));
    book.input();
    book.pass(1);
    book.settle();
    expect(book.take()).toEqual({ a: { active_s: 4, actions: 1 } });
  });

  it("gives a look alone to all that was agreed to", () => {
    const { book } = desk(documentOf([humanAnnotation("a", 1, box), humanAnnotation("b", 1, box), draft("c")]));
    book.pass(4);
    book.settle();
    expect(book.take()).toEqual({ a: { active_s: 2, actions: 0 }, b: { active_s: 2, actions: 0 } });
  });
});
