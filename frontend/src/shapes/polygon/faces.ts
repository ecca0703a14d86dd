/**
 * The faces that edges cut the plane into, walked with the face at the left hand: at every node the sharpest turn to the
 * left is taken (the doubly connected edge list of computational geometry, without its bookkeeping).
 */
import { ringArea, ringContains } from "../../core/geometry";
import type { Part, Point, Ring } from "../../core/types";

interface HalfEdge {
  readonly from: Point;
  readonly to: Point;
  readonly angle: number;
  /** The same edge the other way; absent at the outside of a ring. */
  twin: HalfEdge | null;
  loop: number;
  gone: boolean;
}

const keyOf = ([x, y]: Point): string => `${x} ${y}`;

export class Faces {
  private readonly outgoing = new Map<string, HalfEdge[]>();
  private readonly inner: HalfEdge[] = [];
  private readonly all: HalfEdge[] = [];

  /** Add a closed ring that has the ground at its left. */
  addRing(ring: Ring): void {
    for (let at = 0; at + 1 < ring.length; at += 1) {
      const [a, b] = [ring[at], ring[at + 1]];
      if (a && b) this.add(a, b);
    }
  }

  /** Add an edge that has ground at both sides; one that is there already is not added again. */
  addCut(a: Point, b: Point): void {
    if (this.has(a, b) || this.has(b, a)) return;
    const [there, back] = [this.add(a, b), this.add(b, a)];
    there.twin = back;
    back.twin = there;
    this.inner.push(there);
  }

  /** Walk all loops and make parts of them: loops that turn one way are shells, the others are the holes in those. */
  parts(): Part[] {
    this.dropDeadEnds();
    let loops = this.walk();
    // An edge with the same loop at both sides divides nothing: it leads from the rim to a hole, or nowhere.
    while (this.dropBridges()) loops = this.walk();
    const shells = loops.filter((loop) => ringArea(loop) > 0);
    const holes = loops.filter((loop) => ringArea(loop) < 0);
    const owners = holes.map((hole) => ownerOf(hole, shells));
    return shells.map((shell): Part => [shell, ...holes.filter((_, at) => owners[at] === shell)]);
  }

  private has(a: Point, b: Point): boolean {
    return (this.outgoing.get(keyOf(a)) ?? []).some(({ to }) => to[0] === b[0] && to[1] === b[1]);
  }

  private add(from: Point, to: Point): HalfEdge {
    const edge: HalfEdge = { from, to, angle: Math.atan2(to[1] - from[1], to[0] - from[0]), twin: null, loop: -1, gone: false };
    const key = keyOf(from);
    this.outgoing.set(key, [...(this.outgoing.get(key) ?? []), edge]);
    this.all.push(edge);
    return edge;
  }

  private drop(edge: HalfEdge): void {
    edge.gone = true;
    if (edge.twin) edge.twin.gone = true;
  }

  private dropDeadEnds(): void {
    const isDead = (at: Point): boolean => (this.outgoing.get(keyOf(at)) ?? []).filter(({ gone }) => !gone).length < 2;
    for (let dead = this.inner; dead.length > 0; ) {
      dead = this.inner.filter((edge) => !edge.gone && (isDead(edge.from) || isDead(edge.to)));
      for (const edge of dead) this.drop(edge);
    }
  }

  private dropBridges(): boolean {
    const bridges = this.inner.filter((edge) => !edge.gone && edge.loop === edge.twin?.loop);
    for (const edge of bridges) this.drop(edge);
    return bridges.length > 0;
  }

  private walk(): Ring[] {
    for (const edge of this.all) edge.loop = -1;
    const loops: Ring[] = [];
    for (const first of this.all) {
      if (first.gone || first.loop >= 0) continue;
      const points: Point[] = [first.from];
      for (let edge: HalfEdge | null = first; edge && edge.loop < 0; edge = this.next(edge)) {
        edge.loop = loops.length;
        points.push(edge.to);
      }
      loops.push(points);
    }
    return loops;
  }

  /** The first edge clockwise from the way back. */
  private next(edge: HalfEdge): HalfEdge | null {
    const back = Math.atan2(edge.from[1] - edge.to[1], edge.from[0] - edge.to[0]);
    const turn = ({ angle }: HalfEdge): number => {
      const clockwise = (((back - angle) % TURN) + TURN) % TURN;
      return clockwise < HAIR_RAD ? TURN : clockwise;
    };
    let best: HalfEdge | null = null;
    for (const candidate of this.outgoing.get(keyOf(edge.to)) ?? []) {
      if (!candidate.gone && (!best || turn(candidate) < turn(best))) best = candidate;
    }
    return best;
  }
}

const TURN = 2 * Math.PI;
const HAIR_RAD = 1e-12;

/** The smallest shell around a hole. They may touch, so the middles of the hole's edges are asked. */
function ownerOf(hole: Ring, shells: readonly Ring[]): Ring | undefined {
  const middles = hole.slice(1).map(([x, y], at): Point => [(x + (hole[at]?.[0] ?? x)) / 2, (y + (hole[at]?.[1] ?? y)) / 2]);
  const around = shells.filter((shell) => middles.filter((middle) => ringContains(shell, middle)).length * 2 > middles.length);
  return around.sort((a, b) => ringArea(a) - ringArea(b))[0];
}
