/** What a person has marked of one thing, as a list of steps that can be taken back one by one. Pure. */
import type { AssistRequest, Prompts } from "../../core/assistant";
import { clamp, distance } from "../../core/geometry";
import type { Bounds, Point, Size } from "../../core/types";

export type Method = "model" | "grabcut";

export interface AreaStep {
  readonly kind: "area";
  readonly area: Bounds;
}
export interface StrokeStep {
  readonly kind: "stroke";
  readonly points: readonly Point[];
  readonly positive: boolean;
}
export interface PointStep {
  readonly kind: "point";
  readonly at: Point;
  readonly positive: boolean;
}
export type Step = AreaStep | StrokeStep | PointStep;
export type Steps = readonly Step[];

/** The work area drawn last. */
export function areaOf(steps: Steps): Bounds | null {
  return steps.findLast((step) => step.kind === "area")?.area ?? null;
}

/** Whether there is enough to ask about: GrabCut wants a work area, a model something that is on the thing. */
export function isEnough(steps: Steps, method: Method): boolean {
  if (areaOf(steps)) return true;
  return method === "model" && steps.some((step) => step.kind !== "area" && step.positive);
}

export function withoutLast(steps: Steps): Steps {
  return steps.slice(0, -1);
}

export function promptsOf(steps: Steps, method: Method, brush_px: number): Prompts {
  const area = areaOf(steps);
  const strokes = (positive: boolean): (readonly Point[])[] => steps.flatMap((step) => (step.kind === "stroke" && step.positive === positive ? [step.points] : []));
  return {
    // GrabCut's work area is the region itself; to a model it is a box around the thing.
    ...(method === "model" && area ? { box: area } : {}),
    points: steps.flatMap((step) => (step.kind === "point" ? [{ x: step.at[0], y: step.at[1], positive: step.positive }] : [])),
    foreground: strokes(true),
    background: strokes(false),
    brush_px,
  };
}

export interface Asking {
  readonly method: Method;
  readonly model: number | null;
  readonly brush_px: number;
  readonly polygon: boolean;
  /** What was in sight when the thing was begun. */
  readonly sight: Bounds;
  readonly before: AssistRequest["mask"] | null;
}

/** The question that the steps ask; null while there is not enough of them. */
export function requestOf(steps: Steps, asking: Asking): AssistRequest | null {
  const { method, model, brush_px, polygon, sight, before } = asking;
  if (!isEnough(steps, method)) return null;
  const area = areaOf(steps);
  const prompts = promptsOf(steps, method, brush_px);
  if (method === "model") return { tool: "model", ...(model === null ? {} : { model }), roi: around(sight, steps), prompts, polygon };
  return area && { tool: "grabcut", roi: area, prompts, polygon, ...(before ? { mask: before } : {}) };
}

/** What was in sight, made to hold every mark: a person may pan between two of them. */
function around(sight: Bounds, steps: Steps): Bounds {
  return steps.flatMap(pointsOf).reduce<Bounds>(([x0, y0, x1, y1], [x, y]) => [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)], sight);
}

function pointsOf(step: Step): readonly Point[] {
  if (step.kind === "point") return [step.at];
  return step.kind === "stroke" ? step.points : [[step.area[0], step.area[1]], [step.area[2], step.area[3]]];
}

const SMALLEST_AREA_PX = 4;

/** The rectangle between two corners, inside the image; null when it is too small to hold a thing. */
export function areaBetween(from: Point, to: Point, { width, height }: Size): Bounds | null {
  const [x0, x1] = [clamp(Math.min(from[0], to[0]), 0, width), clamp(Math.max(from[0], to[0]), 0, width)];
  const [y0, y1] = [clamp(Math.min(from[1], to[1]), 0, height), clamp(Math.max(from[1], to[1]), 0, height)];
  return x1 - x0 < SMALLEST_AREA_PX || y1 - y0 < SMALLEST_AREA_PX ? null : [x0, y0, x1, y1];
}

const MOST_POINTS = 2_000;

/** A stroke with one more point; points nearer than `apart` are left out, and a very long stroke is thinned. */
export function longer(points: readonly Point[], to: Point, apart: number): readonly Point[] {
  const last = points.at(-1);
  if (last && distance(last, to) < apart) return points;
  const kept = points.length < MOST_POINTS ? points : points.filter((_, at) => at % 2 === 0);
  return [...kept, to];
}
