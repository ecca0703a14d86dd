import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { confidenceColor, NO_CONFIDENCE } from "./confidence-scale";
import { documentOf } from "./document";
import { doubtfulDrafts, doubtOf, stepped } from "./doubt";
import { placeOf, remembered, type Places } from "./places";
import { isPlainTone, PLAIN_TONE, toned, toneTable } from "./tone";
import type { Annotation, Bounds } from "./types";
import { after, DEFAULT_VIEW, NAMES, viewChoice } from "./view";

const tones = fc.record({ brightness: fc.double({ min: -1, max: 1, noNaN: true }), contrast: fc.double({ min: 0, max: 3, noNaN: true }), gamma: fc.double({ min: 0.2, max: 5, noNaN: true }) });

describe("tone", () => {
  it("a plain tone changes nothing", () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (value) => { expect(toned(value, PLAIN_TONE)).toBeCloseTo(value, 9); }));
    expect(isPlainTone(PLAIN_TONE)).toBe(true);
  });

  it("stays between black and white, and never turns light and dark round", () => {
    fc.assert(fc.property(tones, (tone) => {
      const table = toneTable(tone);
      expect(Math.min(...table)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...table)).toBeLessThanOrEqual(1);
      table.reduce((before, value) => (expect(value).toBeGreaterThanOrEqual(before), value));
    }));
  });

  it("gamma lightens the middle and keeps the ends", () => {
    const tone = { ...PLAIN_TONE, gamma: 2.2 };
    expect([toned(0, tone), toned(1, tone)]).toEqual([0, 1]);
    expect(toned(0.2, tone)).toBeCloseTo(0.2 ** (1 / 2.2), 9);
  });

  it("no contrast is gray, brightness shifts", () => {
    expect(toned(0.9, { ...PLAIN_TONE, contrast: 0 })).toBe(0.5);
    expect(toned(0.25, { ...PLAIN_TONE, brightness: 0.5 })).toBe(0.75);
  });
});

describe("doubt", () => {
  it("is greatest at a half, none where a model is sure, and the same from either side", () => {
    expect([doubtOf(0), doubtOf(0.5), doubtOf(1)]).toEqual([0, 1, 0]);
    fc.assert(fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (confidence) => { expect(doubtOf(confidence)).toBeCloseTo(doubtOf(1 - confidence), 9); }));
  });

  it("ranks drafts with a confidence and leaves out all else", () => {
    const one = (id: string, confidence: number | null, review: "draft" | "accepted"): Annotation => ({
      id, label: 1, shape: { type: "whole" }, origin: "prediction", review, confidence, model: null, attributes: {},
    });
    const places: Record<string, Bounds> = { sure: [0, 0, 1, 1], unsure: [2, 2, 3, 3], half: [4, 4, 5, 5], done: [6, 6, 7, 7], silent: [8, 8, 9, 9] };
    const document = documentOf([one("sure", 0.98, "draft"), one("unsure", 0.3, "draft"), one("half", 0.5, "draft"), one("done", 0.5, "accepted"), one("silent", null, "draft"), one("nowhere", 0.5, "draft")]);
    expect(doubtfulDrafts(document, ({ id }) => places[id] ?? null).map(({ bounds }) => bounds[0])).toEqual([4, 2, 0]);
  });

  it("steps go round, and begin at the most doubtful one", () => {
    expect([stepped(null, 1, 3), stepped(null, -1, 3), stepped(2, 1, 3), stepped(0, -1, 3), stepped(null, 1, 0)]).toEqual([0, 0, 0, 2, null]);
  });
});

describe("colours of confidence", () => {
  const lightness = (color: string): number => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => (Number.parseInt(color.slice(at, at + 2), 16) / 255) ** 2.2);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };

  it("grow darker all the way, so that the order needs no colours", () => {
    const scale = Array.from({ length: 21 }, (_, at) => lightness(confidenceColor(at / 20)));
    scale.reduce((before, now) => (expect(now).toBeLessThan(before), now));
  });

  it("are few, and gray where there is no confidence", () => {
    const colors = new Set(Array.from({ length: 1001 }, (_, at) => confidenceColor(at / 1000)));
    expect(colors.size).toBe(21);
    expect(colors.has(NO_CONFIDENCE)).toBe(false);
    expect(confidenceColor(null)).toBe(NO_CONFIDENCE);
  });
});

describe("places", () => {
  const place = { center: [1, 2] as const, resolution: 3 };

  it("the place of an image is found again, the newest wins, and a whole view is none", () => {
    const once = remembered([], 7, place);
    const twice = remembered(once, 7, { ...place, resolution: 4 });
    expect(placeOf(twice, 7)?.resolution).toBe(4);
    expect(placeOf(remembered(twice, 7, null), 7)).toBeNull();
    expect(remembered(twice, 8, null)).toBe(twice);
  });

  it("the oldest are forgotten, by when they were left and not by their number", () => {
    let places: Places = [];
    for (let image = 500; image > 0; image -= 1) places = remembered(places, image, place);
    expect(places.length).toBe(200);
    expect(placeOf(places, 1)).toEqual(place);
    expect(placeOf(places, 500)).toBeNull();
  });
});

it("what an older page stored is completed", () => {
  expect(viewChoice(undefined)).toEqual(DEFAULT_VIEW);
  expect(viewChoice({ crosshair: true, tone: { brightness: 0.5 } as never })).toEqual({ ...DEFAULT_VIEW, crosshair: true, tone: { ...PLAIN_TONE, brightness: 0.5 } });
});

it("names go from one choice to the next and back to the first", () => {
  expect(NAMES.map((name) => after(NAMES, name))).toEqual(["touched", "all", "none"]);
});
