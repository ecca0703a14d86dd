import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { humanAnnotation } from "@/actions/annotations";
import { documentOf } from "@/core/document";
import { CLEARLY_APART, shadesApart } from "@/core/shades";
import type { Annotation } from "@/core/types";
import { ObjectShades } from "./object-shades";

const box = (id: string, x: number, y: number, side = 20): Annotation => humanAnnotation(id, 1, { type: "box", x, y, width: side, height: side, rotation: 0 });
const place = fc.integer({ min: 0, max: 100 });
const meet = (a: Annotation, b: Annotation): boolean => {
  const [p, q] = [a.shape, b.shape];
  return p.type === "box" && q.type === "box" && Math.abs(Number(p["x"]) - Number(q["x"])) <= 20 && Math.abs(Number(p["y"]) - Number(q["y"])) <= 20;
};

describe("shades of neighbours", () => {
  it("are clearly apart among a few, however they lie, and after one was moved", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(place, place), { minLength: 2, maxLength: 5 }), fc.tuple(place, place), (places, [x, y]) => {
        const shades = new ObjectShades();
        const apart = (objects: readonly Annotation[]): void => {
          shades.sync(documentOf(objects));
          for (const a of objects) for (const b of objects) if (a.id !== b.id && meet(a, b)) expect(shadesApart(shades.of(a.id), shades.of(b.id))).toBeGreaterThanOrEqual(CLEARLY_APART);
        };
        const objects = places.map(([left, top], at) => box(`b${at}`, left, top));
        apart(objects);
        apart([box("b0", x, y), ...objects.slice(1)]);
      }),
    );
  });

  it("differ in a row of a hundred that touch, of which many are alike by themselves", () => {
    const row = Array.from({ length: 100 }, (_, at) => box(`object${at}`, at * 20, 0));
    const shades = new ObjectShades();
    shades.sync(documentOf(row));
    const alike = row.slice(1).filter((object, at) => shades.of(object.id) === shades.of(row[at]?.id ?? ""));
    expect(alike).toEqual([]);
  });

  it("stay as they were when something else is drawn, and when what is alike goes away", () => {
    const shades = new ObjectShades();
    const [a, b] = [box("a", 0, 0), box("b", 10, 10)];
    shades.sync(documentOf([a, b]));
    const before = [shades.of("a"), shades.of("b")];
    shades.sync(documentOf([a, b, box("c", 5, 5), box("d", 60, 60)]));
    expect([shades.of("a"), shades.of("b")]).toEqual(before);
    shades.sync(documentOf([b]));
    expect(shades.of("b")).toBe(before[1]);
  });
});
