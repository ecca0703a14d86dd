import { describe, expect, it } from "vitest";
import { spanForAll, coverageOf, decidedOf, without, withEnd } from "./spans";

describe("spans", () => {
  it("open from the threshold to the end that is typed", () => {
    expect(withEnd({}, 3, "high", 0.8, 0.5)).toEqual({ 3: { low: 0.5, high: 0.8 } });
    expect(withEnd({}, 3, "low", 0.2, 0.5)).toEqual({ 3: { low: 0.2, high: 0.5 } });
  });

  it("close where one end reaches the other, and leave the labels beside them alone", () => {
    const spans = { 3: { low: 0.2, high: 0.8 }, 4: { low: 0.1, high: 0.9 } };
    expect(withEnd(spans, 3, "high", 0.2, 0.5)).toEqual({ 4: spans[4] });
    expect(withEnd(spans, 3, "low", 0.9, 0.5)).toEqual({ 4: spans[4] });
    expect(without(spans, 4)).toEqual({ 3: spans[3] });
  });

  it("stay as they are for what is no confidence", () => {
    const spans = { 3: { low: 0.2, high: 0.8 } };
    expect(withEnd(spans, 3, "high", 1.2, 0.5)).toBe(spans);
    expect(withEnd(spans, 3, "low", Number.NaN, 0.5)).toBe(spans);
  });

  it("are one for all labels, or none where nothing lies between", () => {
    expect(spanForAll([3, 4], { low: 0.3, high: 0.7 })).toEqual({ 3: { low: 0.3, high: 0.7 }, 4: { low: 0.3, high: 0.7 } });
    expect(spanForAll([3, 4], { low: 0.7, high: 0.7 })).toEqual({});
  });

  it("tell what is decided and how much of it is right", () => {
    expect(coverageOf({ images: 8, decided: 6 })).toBe(0.75);
    expect(coverageOf({ images: 0, decided: 0 })).toBe(0);
    const share = { label_id: 3, answers: 12, unsure: 2, said: 4, hits: 3, denied: 6, missed: 1 };
    expect(decidedOf(share, false)).toEqual({ decided: 10, right: 0.8 });
    expect(decidedOf(share, true)).toEqual({ decided: 4, right: 0.75 });
    expect(decidedOf({ ...share, said: 0, hits: 0, denied: 0, missed: 0 }, false)).toEqual({ decided: 0, right: null });
  });
});
