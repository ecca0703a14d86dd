/** Where a pointer is meant to be: on a vertex or an edge of what lies near, or on the border of the image. */
import type { Bench } from "../../core/bench";
import { insideImage, rounded } from "../../core/geometry";
import type { PointerInput } from "../../core/mode";
import { edgesOf, type EdgeHit } from "../../core/path/edges";
import type { Point, Size } from "../../core/types";
import { SNAP, SNAP_PX } from "./settings";

export interface Snap {
  readonly at: Point;
  readonly kind: "free" | "vertex" | "edge" | "border";
}

/** A place on a line of some object. */
export interface LineHit {
  readonly line: readonly Point[];
  readonly hit: EdgeHit;
}

const REACH_PX = { mouse: 7, pen: 8, touch: 16 } as const;

/** Image pixels in one pixel of the page. */
export function resolutionOf(input: PointerInput): number {
  return input.reach / REACH_PX[input.pointer ?? "mouse"];
}

const frames = new WeakMap<Size, readonly Point[]>();

function frameOf(size: Size): readonly Point[] {
  const { width, height } = size;
  const frame: readonly Point[] = frames.get(size) ?? [[0, 0], [width, 0], [width, height], [0, height], [0, 0]];
  frames.set(size, frame);
  return frame;
}

function nearLines(bench: Bench, [x, y]: Point, reach: number, skip: string | null): readonly (readonly Point[])[] {
  return bench.near([x - reach, y - reach, x + reach, y + reach]).flatMap((annotation) => (annotation.id === skip ? [] : bench.lines(annotation)));
}

/** The nearest line of another object, within the snapping radius even where snapping is off: the hand asked for it. */
export function lineAt(bench: Bench, input: PointerInput, skip: string | null = null): LineHit | null {
  const reach = bench.settings.get(SNAP_PX) * resolutionOf(input);
  let best: LineHit | null = null;
  for (const line of nearLines(bench, input.at, reach, skip)) {
    const hit = edgesOf(line).nearest(input.at, best?.hit.away ?? reach);
    if (hit && (!best || hit.away < best.hit.away)) best = { line, hit };
  }
  return best;
}

/** The place on one line that a pointer means: its vertex where one is near, else the point of the edge. */
export function placeOn(line: readonly Point[], hit: EdgeHit, reach: number): EdgeHit {
  const vertex = edgesOf(line).nearestVertex(hit.at, reach);
  return vertex ? { edge: Math.min(vertex.vertex, line.length - 2), at: vertex.at, away: hit.away } : hit;
}

/**
 * Say where the pointer is meant to be. A vertex wins over an edge, and an object over the border of the image. Ctrl held
 * suspends it.
 */
export function snapped(bench: Bench, input: PointerInput, skip: string | null = null, own: readonly (readonly Point[])[] = []): Snap {
  const free: Snap = { at: insideImage(input.at, bench.size), kind: "free" };
  if (input.ctrl || !bench.settings.get(SNAP)) return free;
  const reach = bench.settings.get(SNAP_PX) * resolutionOf(input);
  const lines = [...nearLines(bench, input.at, reach, skip), ...own];
  const frame = frameOf(bench.size);
  const vertices = [...lines, frame].flatMap((line) => edgesOf(line).nearestVertex(input.at, reach) ?? []).sort((a, b) => a.away - b.away);
  if (vertices[0]) return { at: insideImage(vertices[0].at, bench.size), kind: "vertex" };
  const edges = lines.flatMap((line) => edgesOf(line).nearest(input.at, reach) ?? []).sort((a, b) => a.away - b.away);
  if (edges[0]) return { at: insideImage(edges[0].at, bench.size), kind: "edge" };
  const border = edgesOf(frame).nearest(free.at, reach);
  return border ? { at: [rounded(border.at[0]), rounded(border.at[1])], kind: "border" } : free;
}
