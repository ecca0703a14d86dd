/**
 * The cheapest way from one corner to any other: Dijkstra's search with a bucket for each cost, as Dial proposed
 * ("Algorithm 360", CACM 12, 1969). It goes on where it stopped: the pointer mostly stays where it has been already.
 */
import { DIRECTIONS } from "./gradients";
import { DEAREST, DIRECTION_COSTS, STEPS, type Terrain } from "./terrain";

type Corner = readonly [number, number];

/** Lengths of steps in thirty-seconds: to the side, and across. */
const LENGTHS = Uint8Array.from(STEPS, ([dx, dy]) => (dx !== 0 && dy !== 0 ? 45 : 32));
/** More buckets than the dearest step costs, a power of two. */
const BUCKETS = 512;
const NOWHERE = -1;
const SEED = STEPS.length;
const UNKNOWN = 255;

if ((DEAREST * 45) / 32 >= BUCKETS) throw new Error("A step may cost more than there are buckets.");

export class LiveWire {
  private readonly across: number;
  private readonly down: number;
  /** What the cheapest way known so far costs, and by which step it arrives. */
  private readonly cost: Uint32Array;
  private readonly by: Uint8Array;
  private readonly settled: Uint8Array;
  /** Corners of one bucket hang together both ways. */
  private readonly heads = new Int32Array(BUCKETS).fill(NOWHERE);
  private readonly after: Int32Array;
  private readonly before: Int32Array;
  /** From a corner to the next one by each step. */
  private readonly offsets: Int32Array;
  private waiting = 0;
  private now = 0;

  constructor(private readonly terrain: Terrain) {
    const { across, down } = terrain.gradients;
    const count = across * down;
    [this.across, this.down] = [across, down];
    this.offsets = Int32Array.from(STEPS, ([dx, dy]) => dy * across + dx);
    this.cost = new Uint32Array(count);
    this.by = new Uint8Array(count).fill(UNKNOWN);
    this.settled = new Uint8Array(count);
    this.after = new Int32Array(count);
    this.before = new Int32Array(count);
  }

  /** Begin anew at another corner. */
  start([x, y]: Corner): void {
    this.by.fill(UNKNOWN);
    this.settled.fill(0);
    this.heads.fill(NOWHERE);
    [this.waiting, this.now] = [0, 0];
    const at = y * this.across + x;
    this.cost[at] = 0;
    this.by[at] = SEED;
    this.put(at, 0);
  }

  /** Search until the way to a corner is known, but settle no more than so many; false when it has to go on. */
  reach([x, y]: Corner, most = Infinity): boolean {
    const target = y * this.across + x;
    for (let left = most; this.settled[target] !== 1 && this.waiting > 0; left -= 1) {
      if (left <= 0) return false;
      this.settle();
    }
    return this.settled[target] === 1;
  }

  /** The corners on the cheapest way, both ends among them; empty where it is not known yet. */
  wayTo([x, y]: Corner): Corner[] {
    if (this.settled[y * this.across + x] !== 1) return [];
    const way: Corner[] = [];
    let [cx, cy] = [x, y];
    for (;;) {
      way.push([cx, cy]);
      const step = STEPS[this.by[cy * this.across + cx] ?? SEED];
      if (!step) return way.reverse();
      [cx, cy] = [cx - step[0], cy - step[1]];
    }
  }

  /** Take the cheapest corner that waits, and see whether its neighbours are reached more cheaply by it. */
  private settle(): void {
    const { across, settled, by, cost, heads } = this;
    const { arriving, gradients } = this.terrain;
    const { direction } = gradients;
    let at = heads[this.now & (BUCKETS - 1)] ?? NOWHERE;
    while (at === NOWHERE) {
      this.now += 1;
      at = heads[this.now & (BUCKETS - 1)] ?? NOWHERE;
    }
    this.take(at, this.now);
    settled[at] = 1;
    const leaving = (direction[at] ?? 0) * DIRECTIONS;
    const x = at % across;
    const inside = x > 0 && x < across - 1 && at >= across && at < across * (this.down - 1);
    for (let step = 0; step < SEED; step += 1) {
      if (!inside && this.leadsOut(at, step)) continue;
      const next = at + (this.offsets[step] ?? 0);
      if (settled[next] === 1) continue;
      const turn = DIRECTION_COSTS[(leaving + (direction[next] ?? 0)) * SEED + step] ?? 0;
      const here = this.now + Math.max(1, (((arriving[next] ?? 0) + turn) * (LENGTHS[step] ?? 0)) >> 5);
      if (by[next] !== UNKNOWN) {
        const known = cost[next] ?? 0;
        if (here >= known) continue;
        this.take(next, known);
      }
      cost[next] = here;
      by[next] = step;
      this.put(next, here);
    }
  }

  private leadsOut(at: number, step: number): boolean {
    const [dx, dy] = STEPS[step] ?? [0, 0];
    const x = (at % this.across) + dx;
    const y = Math.floor(at / this.across) + dy;
    return x < 0 || y < 0 || x >= this.across || y >= this.down;
  }

  private put(at: number, cost: number): void {
    const bucket = cost & (BUCKETS - 1);
    const head = this.heads[bucket] ?? NOWHERE;
    this.after[at] = head;
    this.before[at] = NOWHERE;
    if (head !== NOWHERE) this.before[head] = at;
    this.heads[bucket] = at;
    this.waiting += 1;
  }

  private take(at: number, cost: number): void {
    const before = this.before[at] ?? NOWHERE;
    const after = this.after[at] ?? NOWHERE;
    if (before === NOWHERE) this.heads[cost & (BUCKETS - 1)] = after;
    else this.after[before] = after;
    if (after !== NOWHERE) this.before[after] = before;
    this.waiting -= 1;
  }
}
