import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FIELDS, type Condition, type Field, type Filter, fromBody, fromText, type Group, isEmpty, MODES, toBody, toQuery, toText, type Where, withCondition, withMode, withoutCondition } from "./model";

/** An image as the conditions see it. */
type Facts = Readonly<Record<string, string>> & { readonly labels: string };

const LABELS = ["1", "2", "3"];
const conditions: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ field: fc.constant<Field>("label"), value: fc.constantFrom(...LABELS) }),
  fc.record({ field: fc.constant<Field>("state"), value: fc.constantFrom(...FIELDS.state.options) }),
  fc.record({ field: fc.constant<Field>("split"), value: fc.constantFrom(...FIELDS.split.options) }),
  fc.record({ field: fc.constant<Field>("flagged"), value: fc.constantFrom("true", "false") }),
);
const groups: fc.Arbitrary<Group> = fc.record({ mode: fc.constantFrom(...MODES), conditions: fc.array(conditions, { minLength: 1, maxLength: 4 }) });
const filters: fc.Arbitrary<Filter> = fc.record({ q: fc.constantFrom("", "beach"), groups: fc.array(groups, { maxLength: 4 }) });
const images: fc.Arbitrary<Facts> = fc.record({
  labels: fc.subarray(LABELS).map((some) => some.join(",")),
  state: fc.constantFrom(...FIELDS.state.options),
  split: fc.constantFrom(...FIELDS.split.options),
  flagged: fc.constantFrom("true", "false"),
  name: fc.constantFrom("beach-1.jpg", "hill.jpg"),
});

/** What the words on the page promise. */
function promised(filter: Filter, image: Facts): boolean {
  const holds = ({ field, value }: Condition): boolean => (field === "label" ? image.labels.split(",").includes(value) : image[field] === value);
  const group = ({ mode, conditions: some }: Group): boolean => (mode === "all" ? some.every(holds) : mode === "any" ? some.some(holds) : !some.some(holds));
  return (image["name"] ?? "").includes(filter.q) && filter.groups.every(group);
}

/** What the interface makes of flat parameters and `where`. */
function answered(query: Readonly<Record<string, string>>, image: Facts): boolean {
  const own = new Set(image.labels.split(","));
  const flat = ([name, value]: [string, string]): boolean => {
    const some = value.split(",");
    if (name === "labels_all") return some.every((label) => own.has(label));
    if (name === "labels_any") return some.some((label) => own.has(label));
    if (name === "labels_none") return !some.some((label) => own.has(label));
    if (name === "q") return (image["name"] ?? "").includes(value);
    if (name === "where") return nested(JSON.parse(value) as Where);
    return image[name] === value;
  };
  const nested = (node: Where): boolean => {
    if ("and" in node && Array.isArray(node.and)) return node.and.every((child: Where) => nested(child));
    if ("or" in node && Array.isArray(node.or)) return node.or.some((child: Where) => nested(child));
    if ("not" in node && typeof node.not === "object") return !nested(node.not as Where);
    return Object.entries(node as Record<string, string>).every(flat);
  };
  return Object.entries(query).every(flat);
}

describe("a filter", () => {
  it("asks the interface for exactly what its words promise", () => {
    fc.assert(fc.property(filters, images, (filter, image) => answered(toQuery(filter), image) === promised(filter, image)), { numRuns: 2000 });
  });

  it("comes back from the address as it went in", () => {
    fc.assert(
      fc.property(filters, ({ groups: some }) => {
        expect(fromText(toText(some))).toEqual(some);
      }),
    );
  });

  it("keeps its meaning when it is stored as a view and read again", () => {
    fc.assert(fc.property(filters, images, (filter, image) => promised(fromBody(toBody(filter)), image) === promised(filter, image)), { numRuns: 2000 });
  });

  it("carries any name through the address", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }).filter((text) => text.trim() !== ""), (value) => {
        const written: Group[] = [{ mode: "none", conditions: [{ field: "q", value }] }];
        expect(fromText(toText(written))).toEqual(written);
      }),
    );
  });

  it("reads any address without falling over, and keeps only what can be asked", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const group of fromText(text)) expect(group.conditions.length).toBeGreaterThan(0);
      }),
    );
    expect(fromText("all(label:3,planet:mars,state:asleep,created_after:2026-13-40);some(label:1);none(label:x)")).toEqual([{ mode: "all", conditions: [{ field: "label", value: "3" }] }]);
  });

  it("says labels in flat parameters, and nests only what they cannot say", () => {
    const label = (value: string): Condition => ({ field: "label", value });
    const flat: Filter = { q: "", groups: [{ mode: "all", conditions: [label("1"), label("2"), { field: "state", value: "submitted" }] }, { mode: "none", conditions: [label("3")] }] };
    expect(toQuery(flat)).toEqual({ labels_all: "1,2", state: "submitted", labels_none: "3" });
    const mixed: Filter = { q: "", groups: [{ mode: "any", conditions: [label("1"), { field: "flagged", value: "true" }] }] };
    expect(toQuery(mixed)).toEqual({ where: JSON.stringify({ or: [{ labels_any: "1" }, { flagged: "true" }] }) });
  });

  it("grows and shrinks chip by chip, and an empty group goes", () => {
    const one = withCondition({ q: "", groups: [] }, "any", { field: "label", value: "1" });
    expect(withCondition(one, "any", { field: "label", value: "1" })).toEqual(one);
    const two = withCondition(one, "any", { field: "label", value: "2" });
    expect(withMode(two, 0, "none").groups[0]?.mode).toBe("none");
    expect(isEmpty(withoutCondition(withoutCondition(two, 0, 0), 0, 0))).toBe(true);
  });
});
