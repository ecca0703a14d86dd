import { describe, expect, it } from "vitest";
import { humanAnnotation } from "@/actions/annotations";
import { difference, documentOf } from "./document";
import { beforePatch, differences, holds, isClash, merged } from "./merge";
import type { Annotation } from "./types";

const at = (id: string, x: number): Annotation => humanAnnotation(id, 1, { type: "box", x, y: 0, width: 5, height: 5, rotation: 0 });

describe("two versions of one set", () => {
  const base = documentOf([at("both", 0), at("mine", 0), at("theirs", 0), at("gone", 0)]);
  const mine = documentOf([at("both", 1), at("mine", 1), at("theirs", 0), at("new", 1)]);
  const theirs = documentOf([at("both", 2), at("mine", 0), at("theirs", 2), at("gone", 2), at("also", 2)]);
  const patch = difference(base, mine);
  const found = differences(beforePatch(base, patch), mine, theirs);

  it("are compared object by object, clashes told apart from changes of one side", () => {
    const changedBy = Object.fromEntries(found.map((entry) => [entry.id, entry.changedBy]));
    expect(changedBy).toEqual({ both: "both", mine: "mine", new: "mine", gone: "both", theirs: "theirs", also: "theirs" });
  });

  it("merge so that what either side added or changed alone stays", () => {
    const document = merged(theirs, found, { both: "theirs" });
    expect(document.get("both")).toEqual(at("both", 2));
    expect(document.get("mine")).toEqual(at("mine", 1));
    expect(document.get("theirs")).toEqual(at("theirs", 2));
    expect([...document.keys()].sort()).toEqual(["also", "both", "mine", "new", "theirs"]);
  });

  it("let the person leave out what the others added", () => {
    expect(merged(theirs, found, { also: "mine" }).has("also")).toBe(false);
  });

  it("do not disagree when the save arrived and only its answer was lost", () => {
    expect(holds(documentOf([...mine.values(), at("also", 2)]), patch)).toBe(true);
    expect(holds(theirs, patch)).toBe(false);
  });

  it("clash where one object is changed in two ways, and not where both did the same or touched different ones", () => {
    const before = beforePatch(base, patch);
    expect(isClash(before, mine, theirs)).toBe(true);
    expect(isClash(before, mine, mine)).toBe(false);
    expect(isClash(before, mine, base)).toBe(false);
    expect(isClash(before, mine, documentOf([at("both", 0), at("mine", 0), at("theirs", 2), at("gone", 0), at("new", 1)]))).toBe(false);
  });
});
