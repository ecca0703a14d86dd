import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attribute, giveBack, MOST_SHARED, NO_EFFORT, spend, take, type Tally } from "./effort";

function total({ waiting, byId }: Tally): { active_s: number; actions: number } {
  const all = [waiting, ...byId.values()];
  return { active_s: all.reduce((sum, spent) => sum + spent.active_s, 0), actions: all.reduce((sum, spent) => sum + spent.actions, 0) };
}

const step = fc.oneof(
  fc.record({ spend: fc.record({ active_s: fc.integer({ min: 0, max: 15 }), actions: fc.nat(3) }) }),
  fc.record({ attribute: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { maxLength: 4 }) }),
);

describe("effort", () => {
  it("is neither made nor lost on its way to the annotations", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const tally = steps.reduce<Tally>((now, one) => ("spend" in one ? spend(now, one.spend) : attribute(now, one.attribute)), NO_EFFORT);
        const spent = steps.flatMap((one) => ("spend" in one ? [one.spend] : []));
        expect(total(tally).actions).toBe(spent.reduce((sum, one) => sum + one.actions, 0));
        expect(total(tally).active_s).toBeCloseTo(spent.reduce((sum, one) => sum + one.active_s, 0), 6);
      }),
    );
  });

  it("goes to what is touched next: seconds in equal parts, actions with the first", () => {
    const tally = attribute(spend(spend(NO_EFFORT, { active_s: 3 }), { actions: 2 }), ["a", "b", "c"]);
    expect([...tally.byId]).toEqual([
      ["a", { active_s: 1, actions: 2 }],
      ["b", { active_s: 1, actions: 0 }],
      ["c", { active_s: 1, actions: 0 }],
    ]);
    expect(attribute(tally, ["d"])).toBe(tally);
  });

  it("waits while nothing is touched", () => {
    expect(attribute(spend(NO_EFFORT, { actions: 1 }), []).waiting.actions).toBe(1);
  });

  it("stays small when thousands of drafts are accepted at once", () => {
    const ids = Array.from({ length: 10_000 }, (_, at) => `d${at}`);
    expect(attribute(spend(NO_EFFORT, { active_s: 5, actions: 1 }), ids).byId.size).toBe(MOST_SHARED);
  });

  it("is told once, and told again when the save failed", () => {
    const spent = attribute(spend(NO_EFFORT, { active_s: 2, actions: 1 }), ["a"]);
    const { rest, effort } = take(spent);
    expect(effort).toEqual({ a: { active_s: 2, actions: 1 } });
    expect(take(rest).effort).toEqual({});
    const later = attribute(spend(rest, { actions: 1 }), ["a"]);
    expect(take(giveBack(later, effort)).effort).toEqual({ a: { active_s: 2, actions: 2 } });
  });
});
