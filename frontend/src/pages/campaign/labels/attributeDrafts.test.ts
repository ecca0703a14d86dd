import { describe, expect, it } from "vitest";
import type { Attribute } from "@/core/attributes";
import { asDefinitions, asDrafts, NEW_ATTRIBUTE, problemsOf, type AttributeDraft } from "./attributeDrafts";

const draft = (part: Partial<AttributeDraft>): AttributeDraft => ({ ...NEW_ATTRIBUTE, name: "species", ...part });

describe("definitions of attributes", () => {
  it("come back from the form as they went in", () => {
    const all: Attribute[] = [
      { name: "species", type: "choice", options: ["oak", "elm"], default: "oak", required: true },
      { name: "height", type: "number", min: 0, max: 60, default: 3, required: false },
      { name: "dead", type: "boolean", default: false, required: false },
      { name: "note", type: "text", default: null, required: false },
    ];
    expect(asDefinitions(asDrafts(all))).toEqual(all);
  });

  it("that cannot be saved say why", () => {
    const problem = (part: Partial<AttributeDraft>): unknown => problemsOf([draft(part)])[0];
    expect(problem({ name: " " })).toBe("empty");
    expect(problem({ name: "occluded" })).toBe("taken");
    expect(problem({ type: "choice" })).toBe("options");
    expect(problem({ type: "choice", options: ["a"], initial: "b" })).toBe("initial");
    expect(problem({ type: "number", min: "3", max: "2" })).toBe("number");
    expect(problem({ type: "number", min: "x" })).toBe("number");
    expect(problem({ type: "number", max: "2", initial: "3" })).toBe("initial");
    expect(problem({ type: "boolean", initial: "maybe" })).toBe("initial");
    expect(problem({ type: "boolean", initial: "Yes" })).toBeNull();
    expect(problemsOf([draft({}), draft({})])).toEqual(["taken", "taken"]);
  });
});
