/** The points of the coverage map: where they are drawn, what colour they have, which lie in a loop or under the pointer. Pure. */
import type { Label } from "@/api/types";
import type { CoverageMap } from "@/api/likeness";
import { isInside, type Place } from "../images/lasso";

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

export function wholeSight(width: number, height: number): Sight {
  const scale = Math.max(1, Math.min(width, height) - 2 * MARGIN);
  return { scale, x: (width - scale) / 2, y: (height - scale) / 2 };
}

/** Come closer, or go away, around a spot that stays where it is. */
export function zoomed(sight: Sight, factor: number, x: number, y: number, least: number): Sight {
  const scale = Math.min(least * 60, Math.max(least, sight.scale * factor));
  const by = scale / sight.scale;
  return { scale, x: x - (x - sight.x) * by, y: y - (y - sight.y) * by };
}

/** The point nearest to a spot on the screen, -1 when none is within reach. */
export function nearestTo(map: CoverageMap, sight: Sight, x: number, y: number, reach: number): number {
  let best = -1;
  let least = reach * reach;
  for (let at = 0; at < map.ids.length; at += 1) {
    const dx = sight.x + (map.x[at] ?? 0) * sight.scale - x;
    const dy = sight.y + (map.y[at] ?? 0) * sight.scale - y;
    const distance = dx * dx + dy * dy;
    if (distance <= least) {
      least = distance;
      best = at;
    }
  }
  return best;
}

export type Loop = readonly Place[];

/** The ids of the points that a loop on the screen goes round. */
export function inLoop(map: CoverageMap, sight: Sight, loop: Loop): number[] {
  if (loop.length < 3) return [];
  return map.ids.filter((_, at) => isInside([sight.x + (map.x[at] ?? 0) * sight.scale, sight.y + (map.y[at] ?? 0) * sight.scale], loop));
}
