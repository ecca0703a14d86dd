/**
 * What a step from corner to corner costs: little along an edge of the picture, much across plain ground.
 * After Mortensen and Barrett, "Intelligent scissors for image composition", SIGGRAPH 1995.
 */
import { DIRECTIONS, FAINTEST, type Gradients } from "./gradients";

/** How much the three hints weigh: the middle of an edge, its direction, its strength. */
const OF_CROSSING = 0.3;
const OF_DIRECTION = 0.3;
const OF_STRENGTH = 0.4;
/** Even the best step costs something, so that a line does not wander for nothing. */
const CHEAPEST = 0.02;
/** Costs are whole numbers up to this for a step to the side. */
export const DEAREST = 255;
/** An edge among the strongest of this share of the corners costs nothing for its strength. */
const STRONG_SHARE = 0.02;
const BINS = 256;
/** Of many corners it is enough to look at each of these. */
const SAMPLE_FROM = 40_000;
const SAMPLE_EACH = 7;

/** The eight ways to the next corner, clockwise from the right. */
export const STEPS: readonly (readonly [number, number])[] = [[1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1]];

/** The strength that only a small share of the corners exceeds, but never mere noise. */
function strongOf({ strength }: Gradients): number {
  const each = strength.length > SAMPLE_FROM ? SAMPLE_EACH : 1;
  let most = 0;
  for (let at = 0; at < strength.length; at += each) most = Math.max(most, strength[at] ?? 0);
  const counts = new Uint32Array(BINS);
  for (let at = 0; at < strength.length; at += each) {
    const bin = Math.min(BINS - 1, Math.floor(((strength[at] ?? 0) / (most || 1)) * BINS));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  let left = (strength.length / each) * STRONG_SHARE;
  let bin = BINS - 1;
  for (; bin > 0 && left > (counts[bin] ?? 0); bin -= 1) left -= counts[bin] ?? 0;
  return Math.max((most * (bin + 1)) / BINS, 4 * FAINTEST);
}

/** Cost of a step by the directions of brightness at both ends: an edge goes on the way it came, with the bright side on the same hand. */
function directionCosts(): Uint8Array {
  const costs = new Uint8Array(DIRECTIONS * DIRECTIONS * STEPS.length);
  const along = Array.from({ length: DIRECTIONS }, (_, k) => [Math.sin((k * 2 * Math.PI) / DIRECTIONS), -Math.cos((k * 2 * Math.PI) / DIRECTIONS)] as const);
  for (const [p, [px, py]] of along.entries()) {
    for (const [q, [qx, qy]] of along.entries()) {
      for (const [step, [sx, sy]] of STEPS.entries()) {
        const length = Math.hypot(sx, sy);
        const leaving = (px * sx + py * sy) / length;
        const arriving = ((leaving < 0 ? -1 : 1) * (qx * sx + qy * sy)) / length;
        const turn = (Math.acos(Math.min(1, Math.abs(leaving))) + Math.acos(Math.max(-1, Math.min(1, arriving)))) * (2 / (3 * Math.PI));
        costs[(p * DIRECTIONS + q) * STEPS.length + step] = Math.round(DEAREST * OF_DIRECTION * turn);
      }
    }
  }
  return costs;
}

export const DIRECTION_COSTS = directionCosts();

/** A part of a picture with the cost of arriving at each of its corners. */
export interface Terrain {
  readonly gradients: Gradients;
  readonly arriving: Uint8Array;
  /** What counts as a strong edge here. */
  readonly strong: number;
}

export function terrainOf(gradients: Gradients): Terrain {
  const { strength, crossing } = gradients;
  const strong = strongOf(gradients);
  const arriving = new Uint8Array(strength.length);
  for (let at = 0; at < arriving.length; at += 1) {
    const value = strength[at] ?? 0;
    const weak = value < strong ? 1 - value / strong : 0;
    arriving[at] = DEAREST * (CHEAPEST + (crossing[at] === 1 ? 0 : OF_CROSSING) + (OF_STRENGTH - CHEAPEST) * weak) + 0.5;
  }
  return { gradients, arriving, strong };
}

/** The corner with the strongest edge within a radius; the given one where nothing stands out. */
export function strongestNear({ gradients, strong }: Terrain, [x, y]: readonly [number, number], radius: number): readonly [number, number] {
  const { across, down, strength } = gradients;
  const reach = Math.floor(radius);
  let [bestX, bestY, best] = [x, y, strong / 4];
  for (let dy = -reach; dy <= reach; dy += 1) {
    for (let dx = -reach; dx <= reach; dx += 1) {
      const [cx, cy] = [x + dx, y + dy];
      if (cx < 0 || cy < 0 || cx >= across || cy >= down || dx * dx + dy * dy > radius * radius) continue;
      // Of equals the nearer one: far ones count a little less.
      const value = (strength[cy * across + cx] ?? 0) * (1 - (0.3 * Math.hypot(dx, dy)) / radius);
      if (value > best) [bestX, bestY, best] = [cx, cy, value];
    }
  }
  return [bestX, bestY];
}
