import { describe, expect, it } from "vitest";
import { answersMarks } from "./assistant";

describe("models of the smart tool", () => {
  it("are our own segmenters, and those at an address whose options say that they answer clicks", () => {
    expect(answersMarks({ kind: "promptable", options: {} })).toBe(true);
    expect(answersMarks({ kind: "external", options: { extra: { interactive: true } } })).toBe(true);
    expect(answersMarks({ kind: "external", options: { extra: { interactive: "yes" } } })).toBe(false);
    expect(answersMarks({ kind: "external", options: {} })).toBe(false);
    expect(answersMarks({ kind: "internal", options: { extra: { interactive: true } } })).toBe(false);
  });
});
