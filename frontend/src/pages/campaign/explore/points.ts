/** The points of the coverage map: what colour they have, how they are painted, which lie in a loop or under the pointer. Pure. */
import type { Label } from "@/api/types";
import type { CoverageMap } from "@/api/likeness";
import { boxAround, isInside, type Place } from "../images/lasso";

export const COLORINGS = ["label", "split", "state", "round", "uncertainty"] as const;
export type Coloring = (typeof COLORINGS)[number];

/** What a point's colour stands for: its group's key, and the group's colour. */
export interface PointGroup {
  readonly key: string;
  readonly color: string;
  readonly places: readonly number[];
}

/** Set apart also for those who see few colours (Okabe and Ito); the legend names each. */
const PALETTE = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#7f7fff"] as const;
export const NONE = "none";
const NOTHING = "#8a918f";
const SHADES = ["#2b6cb0", "#3aa0a0", "#8fbf4d", "#f0b429", "#e0542c"] as const;

/** The shade of a share from 0 to 1, in fifths: a legend can name fifths. */
function fifthOf(value: number): number {
  return Math.min(SHADES.length - 1, Math.max(0, Math.floor(value * SHADES.length)));
}

function keyOf(map: CoverageMap, by: Coloring, at: number): string {
  if (by === "uncertainty") {
    const value = map.uncertainty[at];
    return value === null || value === undefined ? NONE : String(fifthOf(value));
  }
  const value = map[by][at];
  return value === null || value === undefined || value === "" ? NONE : String(value);
}

/** Group the points by what they are coloured by, the largest group first; without a value they come last. */
export function groupsOf(map: CoverageMap, by: Coloring, labels: readonly Label[]): PointGroup[] {
  const places = new Map<string, number[]>();
  map.ids.forEach((_, at) => {
    const key = keyOf(map, by, at);
    const group = places.get(key);
    if (group === undefined) places.set(key, [at]);
    else group.push(at);
  });
  const keys = [...places.keys()].sort((a, b) => Number(a === NONE) - Number(b === NONE) || (by === "uncertainty" || by === "round" ? Number(a) - Number(b) : (places.get(b)?.length ?? 0) - (places.get(a)?.length ?? 0)));
  return keys.map((key, order) => ({ key, color: colorOf(key, order, by, labels), places: places.get(key) ?? [] }));
}

function colorOf(key: string, order: number, by: Coloring, labels: readonly Label[]): string {
  if (key === NONE) return NOTHING;
  if (by === "label") return labels.find(({ id }) => String(id) === key)?.color ?? NOTHING;
  if (by === "uncertainty") return SHADES[Number(key)] ?? NOTHING;
  return PALETTE[order % PALETTE.length] ?? NOTHING;
}

/** Where the map lies on the screen: `scale` pixels a side, its corner at (x, y). */
export interface Sight {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

const MARGIN = 24;

/** How much of the unit square the points take, about its middle, where a map lies. */
export interface Spread {
  readonly across: number;
  readonly down: number;
}

/** The sight that shows all, as large as it can be. */
export function wholeSight(width: number, height: number, { across, down }: Spread = { across: 1, down: 1 }): Sight {
  const scale = Math.max(1, Math.min((width - 2 * MARGIN) / across, (height - 2 * MARGIN) / down));
  return { scale, x: (width - scale) / 2, y: (height - scale) / 2 };
}

const LEAST_SPREAD = 0.1;

export function spreadOf({ x, y }: Pick<Dots, "x" | "y">): Spread {
  const widest = (values: Float32Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value - 0.5) * 2), LEAST_SPREAD);
  return { across: widest(x), down: widest(y) };
}

/** Come closer, or go away, around a spot that stays where it is. */
export function zoomed(sight: Sight, factor: number, x: number, y: number, least: number): Sight {
  const scale = Math.min(least * 60, Math.max(least, sight.scale * factor));
  const by = scale / sight.scale;
  return { scale, x: x - (x - sight.x) * by, y: y - (y - sight.y) * by };
}

/** Move the map by so many pixels; some of it stays in the middle. */
export function moved(sight: Sight, dx: number, dy: number, width: number, height: number): Sight {
  const kept = (corner: number, middle: number): number => Math.min(middle, Math.max(middle - sight.scale, corner));
  return { ...sight, x: kept(sight.x + dx, width / 2), y: kept(sight.y + dy, height / 2) };
}

/** What is painted: places in the unit square, the colour of each as a word of RGBA pixels (0: hidden), and the order, the rare ones on top. */
export interface Dots {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly ink: Uint32Array;
  readonly order: Uint32Array;
}

export function dotsOf(map: CoverageMap, groups: readonly PointGroup[], hidden: ReadonlySet<string>): Dots {
  const ink = new Uint32Array(map.ids.length);
  const shown = groups.filter(({ key }) => !hidden.has(key)).sort((a, b) => b.places.length - a.places.length);
  const order = new Uint32Array(shown.reduce((sum, { places }) => sum + places.length, 0));
  let next = 0;
  for (const { color, places } of shown) {
    const word = inkOf(color);
    for (const at of places) {
      ink[at] = word;
      order[next] = at;
      next += 1;
    }
  }
  return { x: Float32Array.from(map.x), y: Float32Array.from(map.y), ink, order };
}

/** A colour "#rrggbb" as a pixel lies in memory: red first, opaque. */
function inkOf(color: string): number {
  const value = Number.parseInt(color.slice(1, 7), 16);
  return ((255 << 24) | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

/** How many pixels wide a dot is: less where there are many, more from nearby. */
export function dotSide(count: number, zoom: number): number {
  const least = count > 20_000 ? 2 : count > 3000 ? 3 : 6;
  return Math.min(9, least * Math.sqrt(zoom));
}

/** Paint round dots into the pixels of a picture; everything else becomes transparent. Returns how many lie in the picture. */
export function paint(pixels: Uint32Array, width: number, height: number, dots: Dots, sight: Sight, side: number): number {
  const around = Math.max(1, Math.round(side));
  const half = around / 2;
  const reach = Array.from({ length: around }, (_, row) => Math.max(0.5, Math.sqrt(half * half - (row + 0.5 - half) ** 2)));
  const from = reach.map((wide) => Math.round(half - wide));
  const to = reach.map((wide) => Math.round(half + wide));
  pixels.fill(0);
  let seen = 0;
  for (const at of dots.order) {
    const left = Math.round(sight.x + (dots.x[at] ?? 0) * sight.scale - half);
    const top = Math.round(sight.y + (dots.y[at] ?? 0) * sight.scale - half);
    if (left <= -around || top <= -around || left >= width || top >= height) continue;
    seen += 1;
    const word = dots.ink[at] ?? 0;
    for (let row = Math.max(0, -top); row < around && top + row < height; row += 1) {
      const start = (top + row) * width;
      pixels.fill(word, start + Math.max(0, left + (from[row] ?? 0)), start + Math.min(width, Math.max(0, left + (to[row] ?? 0))));
    }
  }
  return seen;
}

/** The place in the map of the shown point nearest to a spot on the screen, -1 when none is within reach. */
export function nearestTo(dots: Dots, sight: Sight, x: number, y: number, reach: number): number {
  let best = -1;
  let least = reach * reach;
  for (const at of dots.order) {
    const dx = sight.x + (dots.x[at] ?? 0) * sight.scale - x;
    const dy = sight.y + (dots.y[at] ?? 0) * sight.scale - y;
    const distance = dx * dx + dy * dy;
    if (distance < least || (distance === least && (best === -1 || at < best))) {
      least = distance;
      best = at;
    }
  }
  return best;
}

export type Loop = readonly Place[];

/** The places in the map, in order, of the shown points that a loop on the screen goes round. */
export function inLoop(dots: Dots, sight: Sight, loop: Loop): number[] {
  if (loop.length < 3) return [];
  const box = boxAround(loop);
  return within(dots, sight, box.left, box.top, box.right, box.bottom).filter((at) => isInside([sight.x + (dots.x[at] ?? 0) * sight.scale, sight.y + (dots.y[at] ?? 0) * sight.scale], loop));
}

/** The places in the map, in order, of the shown points in a rectangle on the screen. */
export function within(dots: Dots, sight: Sight, left: number, top: number, right: number, bottom: number): number[] {
  const found: number[] = [];
  for (let at = 0; at < dots.ink.length; at += 1) {
    const x = sight.x + (dots.x[at] ?? 0) * sight.scale;
    const y = sight.y + (dots.y[at] ?? 0) * sight.scale;
    if (dots.ink[at] !== 0 && x >= left && x <= right && y >= top && y <= bottom) found.push(at);
  }
  return found;
}
