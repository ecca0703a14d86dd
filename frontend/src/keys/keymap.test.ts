import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bind, bindAlone, canMeet, conflicts, exportKeys, importKeys, NO_PROFILES, reset, resolve, unbind, wouldMeet, type Bindable, type Keys } from "./keymap";
import { keyCaps, keyName, refusal } from "./names";

const command = (id: string, keys: readonly string[], more: Partial<Bindable> = {}): Bindable => ({ id, title: id, group: "", keys, conditional: false, ...more });

const TABLE = [
  command("part", ["G"], { conditional: true, shape: "polygon" }),
  command("fill", ["G"], { conditional: true, shape: "mask" }),
  command("hide", ["Shift+H"], { conditional: true }),
  command("show", ["Shift+H"], { conditional: true }),
  command("new", ["Enter", "N"]),
  command("flag", ["F"]),
];

const keyArb = fc.constantFrom("A", "F", "G", "N", "Enter", "Shift+H", "Ctrl+K", "7");
const idArb = fc.constantFrom(...TABLE.map(({ id }) => id));
const keysArb: fc.Arbitrary<Keys> = fc.dictionary(idArb, fc.uniqueArray(keyArb, { maxLength: 3 }));
const profilesArb = fc.record({ campaign: keysArb, own: keysArb });

describe("a keymap", () => {
  it("takes a person's own keys, else the campaign's, else the page's", () => {
    fc.assert(
      fc.property(profilesArb, idArb, (profiles, id) => {
        const expected = profiles.own[id] ?? profiles.campaign[id] ?? TABLE.find((entry) => entry.id === id)?.keys;
        expect(resolve(TABLE, profiles).byCommand.get(id)?.keys).toEqual(expected);
      }),
    );
  });

  it("says the same by key as by command", () => {
    fc.assert(
      fc.property(profilesArb, (profiles) => {
        const { byCommand, byKey } = resolve(TABLE, profiles);
        const one = [...byCommand].flatMap(([id, { keys }]) => keys.map((key) => `${key} ${id}`)).sort();
        expect([...byKey].flatMap(([key, ids]) => ids.map((id) => `${key} ${id}`)).sort()).toEqual(one);
      }),
    );
  });

  it("asks what the person bound before anything else with the key", () => {
    const { byKey } = resolve(TABLE, { campaign: { fill: ["N"] }, own: { flag: ["N", "G"] } });
    expect(byKey.get("N")).toEqual(["flag", "fill", "new"]);
    expect(byKey.get("G")).toEqual(["flag", "part"]);
  });

  it("leaves out what no browser gives to a page", () => {
    expect(resolve(TABLE, { campaign: {}, own: { flag: ["Ctrl+W", "K"] } }).byCommand.get("flag")?.keys).toEqual(["K"]);
  });

  it("comes without conflicts, though commands share keys on purpose", () => {
    expect(conflicts(TABLE, resolve(TABLE, NO_PROFILES))).toEqual([]);
  });

  it("names both commands of a conflict, and where both could apply", () => {
    const own = { flag: ["N", "G"] };
    const found = conflicts(TABLE, resolve(TABLE, { campaign: {}, own }));
    expect(found.map(({ key, first, second, where }) => [key, first.id, second.id, where])).toEqual([
      ["N", "flag", "new", "everywhere"],
      ["G", "flag", "part", "shape"],
      ["G", "flag", "fill", "shape"],
    ]);
  });

  it("lets commands of two shapes share a key that a person chose", () => {
    const own = { part: ["Y"], fill: ["Y"] };
    expect(conflicts(TABLE, resolve(TABLE, { campaign: {}, own }))).toEqual([]);
  });

  it("reports every pair that meets on a chosen key, and only such pairs", () => {
    fc.assert(
      fc.property(profilesArb, (profiles) => {
        const keymap = resolve(TABLE, profiles);
        const found = new Set(conflicts(TABLE, keymap).map(({ key, first, second }) => [key, ...[first.id, second.id].sort()].join()));
        const has = (entry: Bindable, key: string): boolean => keymap.byCommand.get(entry.id)?.keys.includes(key) ?? false;
        const all = TABLE.flatMap((a, at) => TABLE.slice(at + 1).flatMap((b) => [...keymap.byKey.keys()].map((key) => ({ a, b, key }))));
        const expected = all.filter(({ a, b, key }) => has(a, key) && has(b, key) && canMeet(a, b) && (!a.keys.includes(key) || !b.keys.includes(key)));
        expect(found).toEqual(new Set(expected.map(({ a, b, key }) => [key, ...[a.id, b.id].sort()].join())));
      }),
    );
  });

  it("given a key alone leaves nobody who could meet it there", () => {
    fc.assert(
      fc.property(profilesArb, idArb, keyArb, (profiles, id, key) => {
        const own = bindAlone(TABLE, resolve(TABLE, profiles), profiles.own, id, key);
        const keymap = resolve(TABLE, { ...profiles, own });
        expect(keymap.byCommand.get(id)?.keys).toContain(key);
        expect(conflicts(TABLE, keymap).filter((conflict) => conflict.key === key && [conflict.first.id, conflict.second.id].includes(id))).toEqual([]);
      }),
    );
  });

  it("is as before once a key was given and taken, and as it came once it was reset", () => {
    fc.assert(
      fc.property(keysArb, idArb, keyArb, (campaign, id, key) => {
        const before = resolve(TABLE, { campaign, own: {} });
        fc.pre(!before.byCommand.get(id)?.keys.includes(key));
        const bound = bind(before, {}, id, key);
        const taken = unbind(resolve(TABLE, { campaign, own: bound }), bound, id, key);
        expect(resolve(TABLE, { campaign, own: taken }).byCommand.get(id)?.keys).toEqual(before.byCommand.get(id)?.keys);
        expect(resolve(TABLE, { campaign, own: reset(bound, id) })).toEqual(before);
      }),
    );
  });

  it("warns before a key is given", () => {
    const keymap = resolve(TABLE, NO_PROFILES);
    expect(wouldMeet(TABLE, keymap, {}, NO_PROFILES, "flag", "N").map(({ second }) => second.id)).toEqual(["new"]);
    expect(wouldMeet(TABLE, keymap, {}, NO_PROFILES, "flag", "K")).toEqual([]);
  });

  it("comes back from its file, and another file says what is wrong with it", () => {
    fc.assert(fc.property(keysArb, (keys) => void expect(importKeys(exportKeys(keys))).toEqual(keys)));
    expect(() => importKeys("{")).toThrow("no JSON");
    expect(() => importKeys("null")).toThrow("no keys of Winnow");
    expect(() => importKeys(exportKeys({ flag: ["Ctrl+W"] }))).toThrow("cannot be used");
  });
});

describe("names of keys", () => {
  it("refuse what the browser or the page keeps, with a reason", () => {
    expect(refusal("Ctrl+W")).toContain("closes");
    expect(refusal("Tab")).toContain("walks");
    expect(refusal(" ")).toContain("pans");
    expect(refusal("Shift+Control")).not.toBeNull();
    expect(refusal("a")).not.toBeNull();
    for (const key of ["A", "Ä", "7", "?", "+", "Ctrl++", "Ctrl+Shift+PageUp", "F2", "Alt+K"]) expect(refusal(key), key).toBeNull();
  });

  it("are made so that every press that is not refused can be stored", () => {
    const press = fc.record({ key: fc.constantFrom("a", "Z", "ß", "7", "+", "F9", "PageUp", "é"), shift: fc.boolean(), ctrl: fc.boolean(), alt: fc.boolean() });
    const stored = /^(?:Ctrl\+)?(?:Shift\+)?(?:Alt\+)?(?:[A-Z][A-Za-z0-9]{1,20}|[^a-z\s])$/u;
    fc.assert(fc.property(press, (one) => void expect(refusal(keyName(one)) !== null || stored.test(keyName(one))).toBe(true)));
  });

  it("are shown as key caps, the plus sign too", () => {
    expect(keyCaps("Ctrl+Shift+Z")).toEqual(["Ctrl", "Shift", "Z"]);
    expect(keyCaps("Ctrl++")).toEqual(["Ctrl", "+"]);
    expect(keyCaps("+")).toEqual(["+"]);
  });
});
