import { describe, expect, it } from "vitest";
import { humanAnnotation } from "@/actions/annotations";
import { joined, type JournalEntry } from "./journal";
import type { Annotation } from "./types";

const at = (id: string, x: number): Annotation => humanAnnotation(id, 1, { type: "box", x, y: 0, width: 5, height: 5, rotation: 0 });
const entry = (at_ms: number, upsert: Annotation[], gone: string[] = [], before: JournalEntry["before"] = {}): JournalEntry => ({ version: 3, patch: { upsert, delete: gone }, before, at_ms });

describe("journals of several tabs", () => {
  it("are nothing together where there is none", () => {
    expect(joined([])).toBeNull();
  });

  it("become one with all changes, the later over the earlier, whatever order they are found in", () => {
    const earlier = entry(10, [at("a", 1), at("b", 1)], ["c"], { a: at("a", 0), b: null, c: at("c", 0) });
    const later = entry(20, [at("b", 2), at("c", 2)], ["a"], { a: at("a", 1), b: at("b", 1), c: at("c", 0) });
    for (const entries of [[earlier, later], [later, earlier]]) {
      expect(joined(entries)).toMatchObject({ version: 3, patch: { upsert: [at("b", 2), at("c", 2)], delete: ["a"] }, before: { a: at("a", 0), b: null, c: at("c", 0) } });
    }
  });

  it("tell together what the changes of every tab cost", () => {
    const one = { ...entry(1, [at("a", 1)]), work: { active_s: 3, effort: { a: { active_s: 2, actions: 1 } } } };
    const two = { ...entry(2, [at("a", 2)]), work: { active_s: 4, effort: { a: { active_s: 1, actions: 1 }, b: { active_s: 3, actions: 5 } } } };
    expect(joined([one, entry(3, []), two])?.work).toEqual({ active_s: 7, effort: { a: { active_s: 3, actions: 2 }, b: { active_s: 3, actions: 5 } } });
  });

  it("stand on the oldest version that one of them stands on", () => {
    expect(joined([{ ...entry(1, []), version: 7 }, entry(2, [])])?.version).toBe(3);
  });
});
