import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Part, Point } from "@/core/types";
import { BRUSH_SIZES, isUnder, nextSize, snapped, sweep, type Brush } from "./brush";
import { areaOf, boundsOfColumns, columnsOfRuns, combine, hasPixel, INTERSECT, inverted, runsOfColumns, SUBTRACT, UNION, type Columns } from "./columns";
import { componentsOf, enclosedAt, grown, shrunk, withoutHoles, withoutIslands } from "./connect";
import { columnsOf, contains, maskOf } from "./geometry";
import { fillPolygons, tracePolygons } from "./polygons";
import { bytesOf } from "./raster";
import rasterio from "./rasterio.fixture.json";
import { countsOf, runsOf } from "./rle";

const SIZE = { width: 23, height: 17 };
type Grid = readonly (readonly boolean[])[];

/** Rows of pixels: the plain picture that everything is compared with. */
const gridOf = (columns: Columns): Grid => Array.from({ length: columns.height }, (_, y) => Array.from({ length: columns.width }, (_unused, x) => hasPixel(columns, x, y)));
const columnsOfGrid = (grid: Grid): Columns => {
  const [height, width] = [grid.length, grid[0]?.length ?? 0];
  const runs: number[] = [0];
  let inside = false;
  for (let x = 0; x < width; x += 1) {
    for (let y = 0; y < height; y += 1) {
      if (grid[y]?.[x] !== inside) runs.push(0);
      inside = grid[y]?.[x] === true;
      runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1;
    }
  }
  return columnsOfRuns(runs, width, height);
};
const grids = fc
  .tuple(fc.array(fc.boolean(), { minLength: SIZE.width * SIZE.height, maxLength: SIZE.width * SIZE.height }), fc.integer({ min: 1, max: 4 }))
  // Some in blocks, so that there are holes and parts of more than a pixel.
  .map(([bits, block]): Grid => Array.from({ length: SIZE.height }, (_, y) => Array.from({ length: SIZE.width }, (_unused, x) => bits[Math.floor(y / block) * SIZE.width + Math.floor(x / block)] === true)));
const places = fc.tuple(fc.integer({ min: -40, max: SIZE.width * 10 + 40 }), fc.integer({ min: -40, max: SIZE.height * 10 + 40 })).map(([x, y]): Point => [x / 10, y / 10]);

/** The pixels that a flood from one pixel reaches through pixels that agree with it. */
function flooded(grid: Grid, x: number, y: number): Set<number> {
  const [wanted, seen, open] = [grid[y]?.[x], new Set([y * SIZE.width + x]), [[x, y] as const]];
  while (open.length > 0) {
    const [cx, cy] = open.pop() ?? [0, 0];
    for (const [nx, ny] of [[cx - 1, cy], [cx + 1, cy], [cx, cy - 1], [cx, cy + 1]] as const) {
      if (grid[ny]?.[nx] !== wanted || nx < 0 || ny < 0 || nx >= SIZE.width || ny >= SIZE.height || seen.has(ny * SIZE.width + nx)) continue;
      seen.add(ny * SIZE.width + nx);
      open.push([nx, ny]);
    }
  }
  return seen;
}
const pixelsOf = (columns: Columns): Set<number> => new Set(gridOf(columns).flatMap((row, y) => row.flatMap((on, x) => (on ? [y * SIZE.width + x] : []))));
const touchesBorder = (pixels: Set<number>): boolean => [...pixels].some((at) => at % SIZE.width === 0 || at % SIZE.width === SIZE.width - 1 || at < SIZE.width || at >= SIZE.width * (SIZE.height - 1));

describe("columns", () => {
  it("are what the run lengths say, there and back", () => {
    fc.assert(
      fc.property(grids, (grid) => {
        const columns = columnsOfGrid(grid);
        expect(gridOf(columns)).toEqual(grid);
        expect(gridOf(columnsOfRuns(runsOf(countsOf(runsOfColumns(columns))), SIZE.width, SIZE.height))).toEqual(grid);
        expect(areaOf(columns)).toBe(grid.flat().filter(Boolean).length);
      }),
    );
  });

  it("combine pixel by pixel", () => {
    fc.assert(
      fc.property(grids, grids, (a, b) => {
        for (const rule of [UNION, SUBTRACT, INTERSECT]) {
          const wanted = a.map((row, y) => row.map((on, x) => rule(on, b[y]?.[x] === true)));
          expect(gridOf(combine(columnsOfGrid(a), columnsOfGrid(b), rule))).toEqual(wanted);
        }
        expect(gridOf(inverted(columnsOfGrid(a)))).toEqual(a.map((row) => row.map((on) => !on)));
      }),
    );
  });

  it("share the columns that a stroke does not touch", () => {
    const mask = columnsOfGrid(Array.from({ length: SIZE.height }, () => Array.from({ length: SIZE.width }, () => true)));
    const erased = combine(mask, sweep([3, 4], [3, 4], { form: "round", size_px: 2 }, SIZE), SUBTRACT);
    expect(erased.list.filter((stretches, at) => stretches !== mask.list[at])).toHaveLength(2);
  });

  it("survive as a mask with tight bounds, and an empty one is no mask", () => {
    fc.assert(
      fc.property(grids, (grid) => {
        const columns = columnsOfGrid(grid);
        const mask = maskOf(columns);
        const [x0, y0, x1, y1] = boundsOfColumns(columns) ?? [0, 0, 0, 0];
        if (!mask) return expect(grid.flat().some(Boolean)).toBe(false);
        expect(mask.bbox).toEqual([x0, y0, x1 - x0, y1 - y0]);
        // A copy has the same text but is another object: it is read afresh.
        expect(gridOf(columnsOf({ ...mask }))).toEqual(grid);
        expect(contains(mask, [5.9, 6.1])).toBe(grid[6]?.[5]);
        return undefined;
      }),
    );
  });

  it("show anything that they have when they are made smaller", () => {
    fc.assert(
      fc.property(grids, (grid) => {
        const [width, height] = [Math.ceil(SIZE.width / 4), Math.ceil(SIZE.height / 4)];
        const wanted = Array.from({ length: width * height }, (_, at) => {
          const [left, top] = [(at % width) * 4, Math.floor(at / width) * 4];
          return Number(grid.slice(top, top + 4).some((row) => row.slice(left, left + 4).some(Boolean)));
        });
        expect([...bytesOf(columnsOfGrid(grid), 2, { x: 0, y: 0, width, height })]).toEqual(wanted);
      }),
    );
  });
});

describe("a brush", () => {
  const brushes = fc.record({ form: fc.constantFrom("round" as const, "square" as const), size_px: fc.integer({ min: 1, max: 14 }) });

  it("paints the pixels whose centres it passes over, and no others", () => {
    fc.assert(
      fc.property(places, places, brushes, fc.boolean(), (a, b, brush: Brush, snaps) => {
        const [from, to] = snaps ? [snapped(a, brush), snapped(b, brush)] : [a, b];
        const wanted = Array.from({ length: SIZE.height }, (_, y) => Array.from({ length: SIZE.width }, (_unused, x) => isUnder([x + 0.5, y + 0.5], from, to, brush)));
        expect(gridOf(sweep(from, to, brush, SIZE))).toEqual(wanted);
      }),
      { numRuns: 400 },
    );
  });

  it("of round form reaches as far as its radius from the way", () => {
    fc.assert(
      fc.property(places, places, places, (a, b, p) => {
        // The way in a thousand steps: a second, plainer rule for the same distance.
        const nearest = Math.min(...Array.from({ length: 1001 }, (_, k) => Math.hypot(p[0] - a[0] - ((b[0] - a[0]) * k) / 1000, p[1] - a[1] - ((b[1] - a[1]) * k) / 1000)));
        fc.pre(Math.abs(nearest - 4) > 0.05);
        expect(isUnder(p, a, b, { form: "round", size_px: 8 })).toBe(nearest < 4);
      }),
    );
  });

  it("of one pixel paints exactly the pixel under the pointer", () => {
    const brush: Brush = { form: "round", size_px: 1 };
    expect(pixelsOf(sweep(snapped([4.05, 6.95], brush), snapped([4.05, 6.95], brush), brush, SIZE))).toEqual(new Set([6 * SIZE.width + 4]));
    const two: Brush = { form: "square", size_px: 2 };
    expect(areaOf(sweep(snapped([4.4, 6.6], two), snapped([4.4, 6.6], two), two, SIZE))).toBe(4);
  });

  it("grows and shrinks through the sizes, and stops at both ends", () => {
    let size: number = BRUSH_SIZES[0];
    for (let step = 0; step < 40; step += 1) size = nextSize(size, 1);
    expect(size).toBe(500);
    for (let step = 0; step < 40; step += 1) size = nextSize(size, -1);
    expect(size).toBe(1);
    expect([nextSize(61, 1), nextSize(61, -1)]).toEqual([80, 60]);
  });
});

describe("what hangs together", () => {
  it("are the components that a flood finds", () => {
    fc.assert(
      fc.property(grids, (grid) => {
        const parts = componentsOf(columnsOfGrid(grid));
        expect(parts.reduce((sum, part) => sum + areaOf(part), 0)).toBe(grid.flat().filter(Boolean).length);
        for (const part of parts) {
          const pixels = pixelsOf(part);
          const [first = 0] = pixels;
          expect(flooded(grid, first % SIZE.width, Math.floor(first / SIZE.width))).toEqual(pixels);
        }
      }),
    );
  });

  it("is filled from a point when it is enclosed, and refused when it leaks to the border", () => {
    fc.assert(
      fc.property(grids, fc.integer({ min: 0, max: SIZE.width - 1 }), fc.integer({ min: 0, max: SIZE.height - 1 }), (grid, x, y) => {
        const fill = enclosedAt(columnsOfGrid(grid), x, y);
        const reached = flooded(grid, x, y);
        if (grid[y]?.[x]) expect(fill.kind).toBe("painted");
        else if (touchesBorder(reached)) expect(fill.kind).toBe("leaks");
        else expect(fill.kind === "filled" && pixelsOf(fill.pixels)).toEqual(reached);
      }),
    );
  });

  it("loses its holes, and its islands, as brute force says", () => {
    fc.assert(
      fc.property(grids, fc.integer({ min: 1, max: 9 }), (grid, least) => {
        const solid = grid.map((row, y) => row.map((on, x) => on || !touchesBorder(flooded(grid, x, y))));
        expect(gridOf(withoutHoles(columnsOfGrid(grid)))).toEqual(solid);
        const large = grid.map((row, y) => row.map((on, x) => on && flooded(grid, x, y).size >= least));
        expect(gridOf(withoutIslands(columnsOfGrid(grid), least))).toEqual(large);
      }),
      { numRuns: 30 },
    );
  });

  it("grows by a pixel to each side and shrinks back by one, the border of the image apart", () => {
    fc.assert(
      fc.property(grids, (grid) => {
        const on = (x: number, y: number): boolean => grid[y]?.[x] === true;
        const beyond = (x: number, y: number): boolean => x < 0 || y < 0 || x >= SIZE.width || y >= SIZE.height;
        const around = (x: number, y: number) => [[x, y], [x - 1, y], [x + 1, y], [x, y - 1], [x, y + 1]] as const;
        const larger = grid.map((row, y) => row.map((_, x) => around(x, y).some(([cx, cy]) => on(cx, cy))));
        const smaller = grid.map((row, y) => row.map((_, x) => around(x, y).every(([cx, cy]) => on(cx, cy) || beyond(cx, cy))));
        expect(gridOf(grown(columnsOfGrid(grid)))).toEqual(larger);
        expect(gridOf(shrunk(columnsOfGrid(grid)))).toEqual(smaller);
        const corners = grid.map((row, y) => row.map((_, x) => [-1, 0, 1].some((dx) => [-1, 0, 1].some((dy) => on(x + dx, y + dy)))));
        expect(gridOf(grown(columnsOfGrid(grid), 8))).toEqual(corners);
      }),
    );
  });
});

describe("bitmap and polygon", () => {
  it("turn into each other without losing or winning a pixel", () => {
    fc.assert(
      fc.property(grids, (grid) => {
        expect(gridOf(fillPolygons(tracePolygons(columnsOfGrid(grid)), SIZE))).toEqual(grid);
      }),
      { numRuns: 300 },
    );
  });

  it("make one part of each component, with rings that are closed and never visit a corner twice", () => {
    fc.assert(
      fc.property(grids, (grid) => {
        const columns = columnsOfGrid(grid);
        const parts = tracePolygons(columns);
        expect(parts).toHaveLength(componentsOf(columns).length);
        for (const ring of parts.flat()) {
          expect(ring[0]).toEqual(ring.at(-1));
          const corners = ring.slice(1).map((corner) => corner.join());
          expect(new Set(corners).size).toBe(corners.length);
        }
      }),
    );
  });

  it("fill by the even-odd rule through the centres of pixels; a centre on an edge belongs to what is left of it", () => {
    const quarters = fc.tuple(fc.integer({ min: -8, max: SIZE.width * 4 + 8 }), fc.integer({ min: -8, max: SIZE.height * 4 + 8 }));
    fc.assert(
      fc.property(fc.array(quarters, { minLength: 3, maxLength: 9 }), (corners) => {
        // An eighth off, so that no corner lies on the centres of a row.
        const open = corners.map(([x, y]): Point => [x / 4 + 0.125, y / 4 + 0.125]);
        const ring = [...open, open[0] ?? [0, 0]] as Point[];
        const inside = (px: number, py: number): boolean => {
          let odd = false;
          for (let at = 0; at + 1 < ring.length; at += 1) {
            const [[x1, y1], [x2, y2]] = [ring[at] ?? [0, 0], ring[at + 1] ?? [0, 0]].sort((a, b) => a[1] - b[1]) as [Point, Point];
            if (y1 > py !== y2 > py && px <= ((py - y1) * (x2 - x1)) / (y2 - y1) + x1) odd = !odd;
          }
          return odd;
        };
        const part: Part = [ring];
        const wanted = Array.from({ length: SIZE.height }, (_, y) => Array.from({ length: SIZE.width }, (_unused, x) => inside(x + 0.5, y + 0.5)));
        expect(gridOf(fillPolygons([part], SIZE))).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  });

  it("agree with what the server's rasterio makes of the same polygons and the same masks", () => {
    const size = { width: rasterio.width, height: rasterio.height };
    expect(rasterio.polygons.length).toBeGreaterThan(40);
    for (const { polygons, counts } of rasterio.polygons) {
      expect(countsOf(runsOfColumns(fillPolygons(polygons as unknown as Part[], size)))).toBe(counts);
    }
    for (const { counts, parts, corners } of rasterio.masks) {
      const traced = tracePolygons(columnsOfRuns(runsOf(counts), size.width, size.height));
      expect(traced).toHaveLength(parts);
      expect([...new Set(traced.flat(2).map((corner) => corner.join()))].sort()).toEqual([...corners].sort());
      expect(countsOf(runsOfColumns(fillPolygons(traced, size)))).toBe(counts);
    }
  });
});
