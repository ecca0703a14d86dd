import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WGS84 } from "./ellipsoid";
import { areaText, lengthText, lonLatOf, PIXEL_RULER, rulerOf, worldOf, type Georeference } from "./ruler";
import type { Point, Ring } from "./types";

/** 0.01 degrees a pixel, from 10° east and 51° north; what `GET /images/{i}/georeference` says of such an image. */
const DEGREES: Georeference = {
  crs: "EPSG:4326", name: "WGS 84", transform: [0.01, 0, 10, 0, -0.01, 51], measure: "geodesic", unit: "degree", unit_m: null,
  grid: { lon: [[10, 12], [10, 12]], lat: [[51, 51], [49, 49]] },
};
const SIZE = { width: 200, height: 200 };
const UTM: Georeference = { crs: "EPSG:32633", name: "WGS 84 / UTM zone 33N", transform: [10, 0, 500_000, 0, -10, 5_400_000], measure: "planar", unit: "metre", unit_m: 1, grid: null };
const SQUARE: Ring = [[0, 0], [100, 0], [100, 100], [0, 100], [0, 0]];

describe("on the ellipsoid", () => {
  const ruler = rulerOf(DEGREES, SIZE, WGS84);

  it("a distance is that of pyproj 3.7.2", () => {
    // Geod(ellps="WGS84").line_length([10, 11, 11], [50, 50, 51])
    expect(ruler.length([[0, 100], [100, 100], [100, 0]])).toBeCloseTo(182933.90046598233, 4);
  });

  it("New York to London is 5,554.3 km", () => {
    expect(WGS84.length_m([[-73.7789, 40.6397], [-0.461389, 51.4775]])).toBeCloseTo(5554346.5284460755, 4);
  });

  it("an area is that of pyproj 3.7.2 along the drawn edges, whichever way the ring turns", () => {
    // Geod(ellps="WGS84").polygon_area_perimeter of a degree by a degree from 10 E, 50 N, each edge in 64 steps: 7892218819.591
    expect(Math.abs(ruler.area(SQUARE) / 7892218819.591003 - 1)).toBeLessThan(1e-5);
    expect(ruler.area([...SQUARE].reverse())).toBeCloseTo(ruler.area(SQUARE), 3);
  });

  it("a small area needs no steps", () => {
    // polygon_area_perimeter([10, 10.01, 10.01, 10], [50, 50, 50.01, 50.01])
    expect(ruler.area([[0, 100], [1, 100], [1, 99], [0, 99], [0, 100]])).toBeCloseTo(797383.135676384, 1);
  });

  it("the antimeridian is no wall", () => {
    const fiji: Georeference = { ...DEGREES, grid: { lon: [[179, 181], [179, 181]], lat: [[1, 1], [-1, -1]] } };
    expect(rulerOf(fiji, SIZE, WGS84).length([[50, 100], [150, 100]])).toBeCloseTo(111319.49079327357, 4);
    expect(lonLatOf(fiji, [150, 100], SIZE)).toEqual([-179.5, 0]);
  });

  it("without the ellipsoid at hand pixels are told, not a wrong number of metres", () => {
    expect(rulerOf(DEGREES, SIZE, null)).toBe(PIXEL_RULER);
  });
});

describe("on a plane", () => {
  it("ten metres a pixel are ten metres a pixel", () => {
    const ruler = rulerOf(UTM, SIZE, null);
    expect([ruler.unit, ruler.length([[0, 0], [3, 4]]), ruler.area(SQUARE)]).toEqual(["m", 50, 1_000_000]);
  });

  it("feet become metres, squared for an area", () => {
    const ruler = rulerOf({ ...UTM, transform: [1, 0, 0, 0, -1, 0], unit_m: 0.3048 }, SIZE, null);
    expect(ruler.length([[0, 0], [10, 0]])).toBeCloseTo(3.048, 9);
    expect(ruler.area(SQUARE)).toBeCloseTo(10_000 * 0.3048 ** 2, 6);
  });

  it("a turned and sheared image measures what its affine says", () => {
    const finite = fc.double({ min: -5, max: 5, noNaN: true });
    fc.assert(fc.property(finite, finite, finite, finite, (a, b, d, e) => {
      const ruler = rulerOf({ ...UTM, transform: [a, b, 7, d, e, -3] }, SIZE, null);
      expect(ruler.area(SQUARE)).toBeCloseTo(10_000 * Math.abs(a * e - b * d), 4);
      expect(ruler.length([[0, 0], [1, 0]])).toBeCloseTo(Math.hypot(a, d), 9);
    }));
  });
});

describe("where an image lies nowhere", () => {
  const nowhere: Georeference = { ...UTM, measure: "pixels", transform: null, unit_m: null };

  it("pixels are the measure", () => {
    expect(rulerOf(nowhere, SIZE, WGS84)).toBe(PIXEL_RULER);
    expect(PIXEL_RULER.area(SQUARE)).toBe(10_000);
    expect([worldOf(nowhere, [1, 1]), lonLatOf(nowhere, [1, 1], SIZE)]).toEqual([null, null]);
  });
});

describe("coordinates", () => {
  it("the corner of the first pixel is the origin of the affine", () => {
    expect(worldOf(UTM, [0, 0])).toEqual([500_000, 5_400_000]);
    expect(worldOf(UTM, [2, 1])).toEqual([500_020, 5_399_990]);
  });

  it("a grid is read exactly at its points and straight between them", () => {
    const grid = { lon: [[0, 1, 4], [10, 11, 14]], lat: [[5, 5, 5], [1, 1, 1]] };
    const read = (at: Point): Point | null => lonLatOf({ ...DEGREES, grid }, at, { width: 100, height: 10 });
    expect(read([0, 0])).toEqual([0, 5]);
    expect(read([50, 0])).toEqual([1, 5]);
    expect(read([100, 10])).toEqual([14, 1]);
    expect(read([75, 5])).toEqual([7.5, 3]);
  });
});

it("lengths and areas are told in the unit that fits", () => {
  expect([lengthText(3.14159, "m"), lengthText(412.46, "m"), lengthText(12_345, "m"), lengthText(5_554_346, "m"), lengthText(318, "px")]).toEqual(["3.14 m", "412.5 m", "12.345 km", "5,554.3 km", "318.0 px"]);
  expect([areaText(85, "m"), areaText(640, "m"), areaText(12_500, "m"), areaText(2_500_000, "m"), areaText(7_892_218_819, "m"), areaText(640, "px")]).toEqual(["85.00 m²", "640 m²", "1.25 ha", "2.500 km²", "7,892 km²", "640 px²"]);
});
