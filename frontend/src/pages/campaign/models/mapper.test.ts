import { describe, expect, it } from "vitest";
import type { Label } from "@/api/types";
import { autoMatched, clicked, isNear, leadNowhere, linesOf, nextOffered, parsedClasses, plainName, rebased, sameMapping, unfed, withLink } from "./mapper";

function label(id: number, name: string): Label {
  return { id, name, color: "#000000", hotkey: "", position: id };
}

const LABELS = [label(7, "Water"), label(8, "Bare soil")];
const CLASSES = [{ index: 0, name: "water" }, { index: 1, name: "bare_soil" }, { index: 2, name: "cloud" }];

describe("the label mapper", () => {
  it("offers the next class without a label, and a click on it keeps it; a second click lets go", () => {
    const offered = nextOffered(CLASSES, new Map([[1, 8]]), 0);
    expect(offered).toEqual({ index: 2, offered: true });
    const kept = clicked(offered, 2);
    expect(kept).toEqual({ index: 2, offered: false });
    expect(clicked(kept, 2)).toBeNull();
    expect(clicked(kept, 0)).toEqual({ index: 0, offered: false });
    expect(nextOffered(CLASSES, new Map(), 2)).toBeNull();
  });

  it("matches same names by itself, class 0 as well", () => {
    expect([...autoMatched(CLASSES, LABELS)]).toEqual([[0, 7], [1, 8]]);
  });

  it("leaves alone what a person mapped", () => {
    expect([...autoMatched(CLASSES, LABELS, new Map([[0, 8]]))]).toEqual([[0, 8], [1, 8]]);
  });

  it("links and unlinks without touching the mapping it was given", () => {
    const before = new Map([[0, 7]]);
    expect([...withLink(before, 2, 7)]).toEqual([[0, 7], [2, 7]]);
    expect([...withLink(before, 0, null)]).toEqual([]);
    expect(before.size).toBe(1);
  });

  it("draws a line per mapped class, many into one label too", () => {
    expect(linesOf(CLASSES, LABELS, new Map([[0, 7], [2, 7], [1, 999]]))).toEqual([
      { classIndex: 0, label: 7, from: 0, to: 0 },
      { classIndex: 2, label: 7, from: 2, to: 0 },
    ]);
  });

  it("knows when nothing changed", () => {
    expect(sameMapping(new Map([[0, 7]]), new Map([[0, 7]]))).toBe(true);
    expect(sameMapping(new Map([[0, 7]]), new Map([[0, 8]]))).toBe(false);
    expect(sameMapping(new Map(), new Map([[0, 8]]))).toBe(false);
  });
});

it("a plural or a slip is the same name, and another word is not", () => {
  const near = [["Ships", "ship"], ["bodies of water", "body of water"], ["Forêt", "foret"], ["vehicule", "vehicle"], ["bare soil", "bares oil"]] as const;
  const apart = [["land", "sand"], ["car", "cat"], ["boat", "goat"], ["house", "mouse"], ["water", "later"], ["glass", "gla"], ["ice", "rice"]] as const;
  for (const [one, other] of near) expect([one, isNear(one, other), isNear(other, one)]).toEqual([one, true, true]);
  for (const [one, other] of apart) expect([one, isNear(one, other)]).toEqual([one, false]);
});

it("a near name is taken when it is the only one", () => {
  const labels = [label(1, "Vehicle"), label(2, "Ship")];
  expect([...autoMatched([{ index: 0, name: "ships" }, { index: 1, name: "vehicule" }], labels)]).toEqual([[0, 2], [1, 1]]);
  expect([...autoMatched([{ index: 0, name: "vehicule" }], [label(1, "vehicle"), label(2, "vehicles"), label(3, "Vehiculo")])]).toEqual([]);
});

it("tells which labels are never drafted and which classes are left out", () => {
  const mapping = new Map([[0, 7], [1, 7]]);
  expect(unfed(LABELS, mapping).map((one) => one.id)).toEqual([8]);
  expect(leadNowhere(CLASSES, mapping).map((one) => one.name)).toEqual(["cloud"]);
});

it("names compare as people mean them", () => {
  expect(plainName(" Forêt_Dense ")).toBe("foret dense");
});

it("a pasted list of classes counts from 0 unless it says otherwise", () => {
  expect(parsedClasses("water, land\nice")).toEqual([{ index: 0, name: "water" }, { index: 1, name: "land" }, { index: 2, name: "ice" }]);
  expect(parsedClasses("1: water; 4) land, snow")).toEqual([{ index: 1, name: "water" }, { index: 4, name: "land" }, { index: 5, name: "snow" }]);
  expect(parsedClasses("ice", [{ index: 0, name: "water" }])).toEqual([{ index: 0, name: "water" }, { index: 1, name: "ice" }]);
  expect(parsedClasses(" , ,")).toEqual([]);
});

describe("two people at one mapping", () => {
  const base = new Map([[0, 10], [1, 11], [2, 12]]);

  it("keep what each of them did", () => {
    const mine = new Map([[1, 11], [2, 12], [3, 13]]);
    const theirs = new Map([[0, 10], [1, 20]]);
    expect(rebased(base, mine, theirs)).toEqual(new Map([[1, 20], [3, 13]]));
  });

  it("end with the later one's word where both changed the same", () => {
    expect(rebased(base, new Map(base).set(0, 30), new Map(base).set(0, 40)).get(0)).toBe(30);
  });

  it("find nothing changed where nobody did anything, or where both did the same", () => {
    expect(rebased(base, base, base)).toEqual(base);
    const both = withLink(base, 0, null);
    expect(rebased(base, both, both)).toEqual(both);
  });
});
