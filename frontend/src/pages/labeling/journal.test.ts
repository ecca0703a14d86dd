import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import { humanAnnotation } from "@/actions/annotations";
import type { JournalEntry } from "@/core/journal";
import { journalOf, type Journal } from "./journal";

const drew = (id: string): JournalEntry => ({ version: 1, patch: { upsert: [humanAnnotation(id, 1, { type: "box", x: 0, y: 0, width: 5, height: 5, rotation: 0 })], delete: [] }, before: { [id]: null }, at_ms: Date.now() });
const open = (image: number, tab: string): Journal => journalOf(1, image, () => expect.fail("the journal failed"), tab);
const written = async (image: number, tab: string): Promise<string[]> => ((await open(image, tab).read())?.patch.upsert ?? []).map(({ id }) => id).sort();
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

describe("the journal of unsaved changes", () => {
  it("keeps what two tabs have unsaved on one image, and one that saved wipes nothing of the other", async () => {
    const [a, b] = [open(1, "a"), open(1, "b")];
    a.write(drew("in a"));
    b.write(drew("in b"));
    await rest();
    expect(await written(1, "c")).toEqual(["in a", "in b"]);
    b.write(null);
    await rest();
    expect(await written(1, "c")).toEqual(["in a"]);
  });

  it("hands over what other tabs left, once", async () => {
    open(2, "gone").write(drew("left"));
    await rest();
    const next = open(2, "next");
    expect((await next.read())?.patch.upsert[0]?.id).toBe("left");
    next.write(null);
    await rest();
    expect(await written(2, "later")).toEqual([]);
  });

  it("does not mix images whose numbers begin alike", async () => {
    open(3, "a").write(drew("three"));
    open(31, "a").write(drew("thirty-one"));
    await rest();
    expect([await written(3, "b"), await written(31, "b")]).toEqual([["three"], ["thirty-one"]]);
  });
});
