import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { overviewTiles } from "@/render/picture";
import { needsStatistics, pictureOf, tileQuery, valueAt } from "./pictures";
import { DEFAULT_BANDS } from "./preferences";
import type { BandStatistics, ImageFacts } from "./wire";

const band = (index: number, scale: number): BandStatistics => ({
  index, name: "", min: 0, max: 100 * scale, p2: 2 * scale, p98: 98 * scale, quantiles: [0, 1, 2, 50, 98, 99, 100].map((percent) => [percent, percent * scale]),
});
const STATISTICS = [band(1, 1), band(2, 10), band(3, 100), band(4, 1000)];
const IMAGE = { id: 7, width: 20_000, height: 15_000, bands: 4, tiled: true, max_zoom: 7 } as ImageFacts;

describe("the stretch", () => {
  it("goes by the percentiles that a person chose, between those that were measured", () => {
    expect(valueAt(band(1, 1), 2)).toBe(2);
    expect(valueAt(band(1, 1), 0.5)).toBeCloseTo(0.5, 9);
    expect(valueAt(band(1, 1), 75)).toBeCloseTo(75, 9);
    expect([valueAt(band(1, 3), 0), valueAt(band(1, 3), 100)]).toEqual([0, 300]);
  });

  it("never falls as the percentile rises", () => {
    const percent = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(fc.property(percent, percent, (a, b) => {
      expect(valueAt(band(1, 5), Math.max(a, b))).toBeGreaterThanOrEqual(valueAt(band(1, 5), Math.min(a, b)));
    }));
  });

  it("asks for one pair of values a band, in the order of red, green and blue", () => {
    const choice = { ...DEFAULT_BANDS, bands: [4, 2, 1], stretch: "percentile" as const, low: 1, high: 99 };
    expect(tileQuery(IMAGE, choice, STATISTICS)).toEqual({ bands: "4,2,1", min: "1000,10,1", max: "99000,990,99" });
    expect(tileQuery(IMAGE, { ...choice, bands: [], stretch: "range" }, STATISTICS)).toEqual({ min: "0,0,0", max: "100,1000,10000" });
  });

  it("needs the values of the bands only when it is not the server's own", () => {
    expect(tileQuery(IMAGE, DEFAULT_BANDS, null)).toEqual({});
    expect(needsStatistics(IMAGE, DEFAULT_BANDS)).toBe(false);
    expect(needsStatistics(IMAGE, { ...DEFAULT_BANDS, stretch: "range" })).toBe(true);
    expect(needsStatistics({ ...IMAGE, tiled: false }, { ...DEFAULT_BANDS, stretch: "range" })).toBe(false);
  });
});

it("an overview covers all of a large raster with a few tiles", () => {
  const picture = pictureOf(IMAGE, DEFAULT_BANDS, null);
  if (picture.kind !== "tiles") throw new Error("a raster comes in tiles");
  const tiles = overviewTiles(picture, 168);
  expect(tiles.length).toBeLessThanOrEqual(4);
  expect(Math.max(...tiles.map(({ x, span }) => x + span))).toBeGreaterThanOrEqual(IMAGE.width);
  expect(Math.max(...tiles.map(({ y, span }) => y + span))).toBeGreaterThanOrEqual(IMAGE.height);
});
