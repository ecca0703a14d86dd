import { describe, expect, it } from "vitest";
import type { Label } from "@/api/types";
import { canMeet, conflicts, NO_PROFILES } from "@/keys/keymap";
import { refusal } from "@/keys/names";
import { COMMAND_BINDABLES, labelCommand, labelOf, pageKeys } from "./page-keys";

const label = (id: number, name: string, hotkey = ""): Label => ({ id, name, color: "#336699", hotkey, position: id });
const LABELS = Array.from({ length: 12 }, (_, at) => label(at + 1, `L${at + 1}`));

describe("the keys of the page", () => {
  it("come without a conflict, labels and commands together", () => {
    const keys = pageKeys(LABELS, NO_PROFILES);
    expect(conflicts(keys.bindables, keys.keymap)).toEqual([]);
    expect(new Set(keys.bindables.map(({ id }) => id)).size).toBe(keys.bindables.length);
  });

  it("come with keys that a browser gives to a page", () => {
    const all = COMMAND_BINDABLES.flatMap(({ keys }) => keys).filter((key) => key !== "Escape" && refusal(key) !== null);
    expect(all).toEqual([]);
  });

  it("give digits to labels, and these stay when labels are added", () => {
    const digits = (labels: readonly Label[]) => pageKeys(labels, NO_PROFILES).labels.map(({ key }) => key);
    expect(digits(LABELS)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", null, null, null]);
    expect(digits(LABELS.slice(0, 4))).toEqual(digits(LABELS).slice(0, 4));
  });

  it("let a person give a label a key of her own, ahead of the command that has it", () => {
    const keys = pageKeys(LABELS, { campaign: {}, own: { [labelCommand(12)]: ["F"] } });
    expect(keys.labels[11]?.key).toBe("F");
    expect(keys.keymap.byKey.get("F")?.[0]).toBe(labelCommand(12));
    expect(conflicts(keys.bindables, keys.keymap).map(({ first, second }) => [labelOf(first.id), second.id])).toEqual([[12, "flag"]]);
  });

  it("free a command's key for a label when the person takes it away", () => {
    const wishes = [label(1, "Water", "f")];
    expect(pageKeys(wishes, NO_PROFILES).labels[0]).toMatchObject({ key: "1", refused: "F" });
    expect(pageKeys(wishes, { campaign: {}, own: { flag: [] } }).labels[0]).toMatchObject({ key: "F", refused: null });
  });

  it("know which commands belong to one shape, so that shapes may share keys", () => {
    const [a, ...others] = COMMAND_BINDABLES.filter(({ shape }) => shape !== undefined);
    for (const other of others) if (a) expect(canMeet(a, other)).toBe(a.shape === other.shape);
  });
});
