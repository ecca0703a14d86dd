import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Point } from "../types";
import { DIRECTIONS, FAINTEST, GradientMaker, gradientsOf, type Raster } from "./gradients";
import { LiveWire } from "./live-wire";
import { refined, steepest } from "./refine";
import { DIRECTION_COSTS, STEPS, strongestNear, terrainOf } from "./terrain";

type Rgb = readonly [number, number, number];

/** A picture whose colour at the middle of each pixel is given. */
function picture(width: number, height: number, colour: (x: number, y: number) => number | Rgb): Raster {
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const value = colour(x + 0.5, y + 0.5);
      const [r, g, b] = typeof value === "number" ? [value, value, value] : value;
      rgba.set([r, g, b, 255], (y * width + x) * 4);
    }
  }
  return { width, height, rgba };
}

function wayBetween(raster: Raster, from: readonly [number, number], to: readonly [number, number]): Point[] {
  const terrain = terrainOf(gradientsOf(raster));
  const wire = new LiveWire(terrain);
  wire.start(from);
  expect(wire.reach(to)).toBe(true);
  return refined(terrain.gradients, wire.wayTo(to));
}

/** Numbers that look like noise and are the same each time. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("gradients", () => {
  it("find a step between two pixels exactly there", () => {
    const { across, strength, crossing, direction } = gradientsOf(picture(40, 20, (x) => (x < 17 ? 40 : 200)));
    const row = [...strength.slice(10 * across, 11 * across)];
    expect(row.indexOf(Math.max(...row))).toBe(17);
    expect([...crossing.slice(10 * across, 11 * across)].flatMap((marked, x) => (marked ? [x] : []))).toEqual([17]);
    expect(direction[10 * across + 17]).toBe(0);
  });

  it("say which way it grows brighter", () => {
    const at = (colour: (x: number, y: number) => number): number => {
      const gradients = gradientsOf(picture(21, 21, colour));
      return gradients.direction[10 * gradients.across + 10] ?? -1;
    };
    expect([at((x) => 4 * x), at((_, y) => 4 * y), at((x) => 200 - 4 * x), at((_, y) => 200 - 4 * y)]).toEqual([0, 8, 16, 24]);
  });

  it("see an edge between colours that are equally bright", () => {
    const { across, strength } = gradientsOf(picture(30, 10, (x) => (x < 15 ? ([200, 60, 60] as const) : ([60, 131, 60] as const))));
    expect(strength[5 * across + 15]).toBeGreaterThan(40);
  });

  it("are the same in one strip and in many", () => {
    const random = noise(3);
    const raster = picture(37, 90, () => Math.floor(random() * 256));
    const whole = gradientsOf(raster);
    const maker = new GradientMaker(raster);
    while (!maker.step(7));
    expect(maker.gradients).toEqual(whole);
  });

  it("of a plain picture are nothing", () => {
    const { strength, crossing } = gradientsOf(picture(20, 20, () => 77));
    expect(Math.max(...strength)).toBeLessThan(FAINTEST);
    expect(Math.max(...crossing)).toBe(0);
  });
});

describe("the terrain", () => {
  it("is cheapest along an edge, and dearer across it or where the bright side changes hands", () => {
    const step = (leaving: number, arriving: number, by: number): number => DIRECTION_COSTS[(leaving * DIRECTIONS + arriving) * STEPS.length + by] ?? NaN;
    const [right, down, left] = [0, 2, 4];
    const bright = 0;
    expect(step(bright, bright, down)).toBe(0);
    expect(step(bright, bright, right)).toBeGreaterThan(step(bright, bright, down));
    expect(step(bright, DIRECTIONS / 2, down)).toBeGreaterThan(step(bright, bright, down));
    expect(step(bright, bright, right)).toBe(step(bright, bright, left));
  });

  it("draws a pointer to the strongest edge within reach, and nowhere on plain ground", () => {
    const terrain = terrainOf(gradientsOf(picture(60, 40, (x) => (x < 30 ? 20 : 220))));
    expect(strongestNear(terrain, [27, 20], 4)[0]).toBe(30);
    expect(strongestNear(terrain, [20, 20], 4)).toEqual([20, 20]);
  });
});

describe("a live wire", () => {
  it("keeps within a pixel of a step edge, whatever its angle and place", () => {
    fc.assert(
      fc.property(fc.double({ min: -Math.PI, max: Math.PI, noNaN: true }), fc.double({ min: -8, max: 8, noNaN: true }), fc.integer({ min: 1, max: 1000 }), (angle, offset, seed) => {
        const [side, middle] = [96, 48];
        const [nx, ny] = [Math.cos(angle), Math.sin(angle)];
        const away = (x: number, y: number): number => (x - middle) * nx + (y - middle) * ny - offset;
        const random = noise(seed);
        // A pixel that the edge cuts is a mixture, as in a photograph, and there is noise.
        const raster = picture(side, side, (x, y) => 60 + 120 * Math.min(1, Math.max(0, away(x, y) + 0.5)) + (random() - 0.5) * 10);
        const on = (along: number): readonly [number, number] => [Math.round(middle + offset * nx - along * ny), Math.round(middle + offset * ny + along * nx)];
        const way = wayBetween(raster, on(-36), on(36));
        expect(Math.max(...way.slice(1, -1).map(([x, y]) => Math.abs(away(x, y))))).toBeLessThan(1);
      }),
      { numRuns: 60 },
    );
  });

  it("goes round a disc along its rim", () => {
    const away = (x: number, y: number): number => Math.hypot(x - 50, y - 50) - 30;
    const raster = picture(100, 100, (x, y) => 200 - 140 * Math.min(1, Math.max(0, away(x, y) + 0.5)));
    const way = wayBetween(raster, [50, 20], [50, 80]);
    expect(way.length).toBeGreaterThan(60);
    const errors = way.slice(1, -1).map(([x, y]) => Math.abs(away(x, y)));
    expect(Math.max(...errors)).toBeLessThan(0.6);
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.2);
  });

  it("of any picture joins both ends corner by corner, stays inside, and never comes back to a corner", () => {
    const size = fc.integer({ min: 2, max: 24 });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(size, size, fc.integer({ min: 1, max: 10_000 }), share, share, share, share, (width, height, seed, a, b, c, d) => {
        const random = noise(seed);
        const wire = new LiveWire(terrainOf(gradientsOf(picture(width, height, () => Math.floor(random() * 256)))));
        const [from, to] = [[Math.round(a * width), Math.round(b * height)] as const, [Math.round(c * width), Math.round(d * height)] as const];
        wire.start(from);
        expect(wire.reach(to)).toBe(true);
        const way = wire.wayTo(to);
        expect([way[0], way.at(-1)]).toEqual([from, to]);
        for (const [at, [x, y]] of way.entries()) {
          expect(x >= 0 && y >= 0 && x <= width && y <= height).toBe(true);
          const before = way[at - 1];
          if (before) expect(Math.max(Math.abs(x - before[0]), Math.abs(y - before[1]))).toBe(1);
        }
        expect(new Set(way.map(String)).size).toBe(way.length);
      }),
    );
  });

  it("is the cheapest one: no cheaper than that of a plain search over all", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), (seed) => {
        const random = noise(seed);
        const terrain = terrainOf(gradientsOf(picture(9, 7, () => Math.floor(random() * 256))));
        const wire = new LiveWire(terrain);
        wire.start([2, 3]);
        const costs = plainSearch(terrain, [2, 3]);
        for (const [at, cost] of costs.entries()) {
          const to = [at % 10, Math.floor(at / 10)] as const;
          expect(wire.reach(to)).toBe(true);
          expect(costOf(terrain, wire.wayTo(to))).toBe(cost);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("goes on where it stopped, and begins anew elsewhere", () => {
    const wire = new LiveWire(terrainOf(gradientsOf(picture(60, 60, (x) => (x < 30 ? 30 : 180)))));
    wire.start([30, 5]);
    expect(wire.reach([30, 55], 10)).toBe(false);
    expect(wire.wayTo([30, 55])).toEqual([]);
    let turns = 1;
    while (!wire.reach([30, 55], 10)) turns += 1;
    expect(turns).toBeGreaterThan(2);
    const first = wire.wayTo([30, 55]);
    expect(first).toHaveLength(51);
    wire.start([30, 55]);
    expect(wire.wayTo([30, 5])).toEqual([]);
    expect(wire.reach([30, 5])).toBe(true);
    expect(wire.wayTo([30, 5])).toEqual(first.reverse());
  });
});

describe("refining", () => {
  it("moves a corner to where the edge is between corners, by half a pixel at most", () => {
    // A third of the pixel at 20 is bright: the edge lies at 20.67.
    const gradients = gradientsOf(picture(40, 40, (x) => (x < 20 ? 50 : x < 21 ? 100 : 200)));
    const [x, y] = steepest(gradients, [21, 20]);
    expect(Math.abs(x - 20.67)).toBeLessThan(0.1);
    expect(y).toBe(20);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 }), (seed, cx, cy) => {
        const random = noise(seed);
        const [px, py] = steepest(gradientsOf(picture(40, 40, () => Math.floor(random() * 256))), [cx, cy]);
        expect(Math.hypot(px - cx, py - cy)).toBeLessThanOrEqual(0.5 + 1e-9);
      }),
      { numRuns: 30 },
    );
  });
});

type Terrain = ReturnType<typeof terrainOf>;

/** What one step costs, told again from the paper's words. */
function stepCost({ gradients, arriving }: Terrain, from: number, to: number): number {
  const { across, direction } = gradients;
  const [dx, dy] = [(to % across) - (from % across), Math.floor(to / across) - Math.floor(from / across)];
  const step = STEPS.findIndex(([x, y]) => x === dx && y === dy);
  const turn = DIRECTION_COSTS[((direction[from] ?? 0) * DIRECTIONS + (direction[to] ?? 0)) * STEPS.length + step] ?? NaN;
  return Math.max(1, Math.floor((((arriving[to] ?? 0) + turn) * (dx !== 0 && dy !== 0 ? 45 : 32)) / 32));
}

function costOf(terrain: Terrain, way: readonly (readonly [number, number])[]): number {
  const at = way.map(([x, y]) => y * terrain.gradients.across + x);
  return at.slice(1).reduce((sum, to, index) => sum + stepCost(terrain, at[index] ?? 0, to), 0);
}

/** Bellman and Ford: relax every step until nothing becomes cheaper. */
function plainSearch(terrain: Terrain, [sx, sy]: readonly [number, number]): number[] {
  const { across, down } = terrain.gradients;
  const costs = Array.from({ length: across * down }, () => Infinity);
  costs[sy * across + sx] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (let at = 0; at < costs.length; at += 1) {
      for (const [dx, dy] of STEPS) {
        const [x, y] = [(at % across) + dx, Math.floor(at / across) + dy];
        if (x < 0 || y < 0 || x >= across || y >= down) continue;
        const to = y * across + x;
        const cost = (costs[at] ?? Infinity) + stepCost(terrain, at, to);
        if (cost < (costs[to] ?? Infinity)) [costs[to], changed] = [cost, true];
      }
    }
  }
  return costs;
}
