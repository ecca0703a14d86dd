/** A skeleton in the making: each step takes one and gives the next. Names are its keys, so they are always all different. */
import type { NewLabel } from "@/api/types";
import { readSkeleton, type NamePair, type Skeleton } from "@/core/skeleton";

export const EMPTY: Skeleton = { points: [], edges: [], flip: [] };
export const MOST_POINTS = 200;

/** Places on the template are kept to a thousandth. */
function kept(share: number): number {
  return Math.round(Math.min(Math.max(share, 0), 1) * 1000) / 1000;
}

function freshName({ points }: Skeleton): string {
  const taken = new Set(points.map(({ name }) => name));
  for (let number = points.length + 1; ; number += 1) if (!taken.has(`point_${number}`)) return `point_${number}`;
}

export function added(skeleton: Skeleton, x: number, y: number): { readonly skeleton: Skeleton; readonly name: string } {
  const name = freshName(skeleton);
  return { skeleton: { ...skeleton, points: [...skeleton.points, { name, x: kept(x), y: kept(y) }] }, name };
}

/** A free place for a point that comes without a pointer: along rows from the top left. */
export function freePlace({ points }: Skeleton): readonly [number, number] {
  for (let at = 0; at < 81; at += 1) {
    const [x, y] = [0.1 + (at % 9) * 0.1, 0.1 + Math.floor(at / 9) * 0.1];
    if (points.every((point) => Math.hypot(point.x - x, point.y - y) > 0.05)) return [x, y];
  }
  return [0.5, 0.5];
}

export function placed(skeleton: Skeleton, name: string, x: number, y: number): Skeleton {
  return { ...skeleton, points: skeleton.points.map((point) => (point.name === name ? { name, x: kept(x), y: kept(y) } : point)) };
}

export type NameProblem = "empty" | "taken" | "long";

export function nameProblem(skeleton: Skeleton, name: string, to: string): NameProblem | null {
  const trimmed = to.trim();
  if (trimmed === "") return "empty";
  if (trimmed.length > 100) return "long";
  return trimmed !== name && skeleton.points.some((point) => point.name === trimmed) ? "taken" : null;
}

/** Edges, flip pairs and sigmas follow. */
export function renamed(skeleton: Skeleton, name: string, to: string): Skeleton {
  if (nameProblem(skeleton, name, to) !== null || to.trim() === name) return skeleton;
  const next = (known: string): string => (known === name ? to.trim() : known);
  const pairs = (all: readonly NamePair[]): NamePair[] => all.map(([a, b]) => [next(a), next(b)]);
  const sigmas = skeleton.sigmas ? { sigmas: Object.fromEntries(Object.entries(skeleton.sigmas).map(([known, sigma]) => [next(known), sigma])) } : {};
  return { points: skeleton.points.map((point) => ({ ...point, name: next(point.name) })), edges: pairs(skeleton.edges), flip: pairs(skeleton.flip), ...sigmas };
}

export function removed(skeleton: Skeleton, name: string): Skeleton {
  const without = (all: readonly NamePair[]): NamePair[] => all.filter((pair) => !pair.includes(name)).map(([a, b]) => [a, b]);
  const sigmas = skeleton.sigmas ? { sigmas: Object.fromEntries(Object.entries(skeleton.sigmas).filter(([known]) => known !== name)) } : {};
  return { points: skeleton.points.filter((point) => point.name !== name), edges: without(skeleton.edges), flip: without(skeleton.flip), ...sigmas };
}

/** Move a point up or down in the order in which points are placed. */
export function shifted(skeleton: Skeleton, name: string, step: 1 | -1): Skeleton {
  const from = skeleton.points.findIndex((point) => point.name === name);
  const [point, other] = [skeleton.points[from], skeleton.points[from + step]];
  if (!point || !other) return skeleton;
  return { ...skeleton, points: skeleton.points.map((known, at) => (at === from ? other : at === from + step ? point : known)) };
}

function joins(pair: NamePair, a: string, b: string): boolean {
  return (pair[0] === a && pair[1] === b) || (pair[0] === b && pair[1] === a);
}

export function neighbours({ edges }: Skeleton, name: string): string[] {
  return edges.flatMap(([a, b]) => (a === name ? [b] : b === name ? [a] : []));
}

/** Connect two points, or part them when they are connected. */
export function edgeToggled(skeleton: Skeleton, a: string, b: string): Skeleton {
  if (a === b) return skeleton;
  const rest = skeleton.edges.filter((edge) => !joins(edge, a, b));
  return { ...skeleton, edges: rest.length < skeleton.edges.length ? rest : [...skeleton.edges, [a, b]] };
}

type Hand = "left" | "right";

/** The side that a name tells, and what is left of the name without it: "left_eye", "eye-right", "lEye" or "R ankle". */
function handOf(name: string): { readonly hand: Hand; readonly rest: string } | null {
  const word = /(^|[^a-z])(left|right|l|r)(?=$|[^a-z])/i.exec(name) ?? /^(left|right|l|r)(?=[A-Z])/.exec(name);
  const found = word?.at(-1)?.toLowerCase();
  if (!word || found === undefined) return null;
  const rest = (name.slice(0, word.index) + name.slice(word.index + word[0].length)).replaceAll(/[^a-z0-9]/gi, "").toLowerCase();
  return { hand: found.startsWith("l") ? "left" : "right", rest };
}

/** Pair a point with its opposite, or with none; either of them leaves the pair that it was in. */
export function flipped(skeleton: Skeleton, name: string, other: string | null): Skeleton {
  const rest = skeleton.flip.filter((pair) => !pair.includes(name) && (other === null || !pair.includes(other)));
  if (other === null || other === name) return { ...skeleton, flip: rest };
  const isRight = handOf(name)?.hand === "right" || handOf(other)?.hand === "left";
  return { ...skeleton, flip: [...rest, isRight ? [other, name] : [name, other]] };
}

/** Pair what the names pair, where neither has a pair yet. */
export function guessed(skeleton: Skeleton): Skeleton {
  const free = skeleton.points.map(({ name }) => name).filter((name) => !skeleton.flip.some((pair) => pair.includes(name)));
  const rights = new Map(free.flatMap((name) => (handOf(name)?.hand === "right" ? [[handOf(name)?.rest ?? "", name] as const] : [])));
  return free.reduce((now, name) => {
    const side = handOf(name);
    const right = side?.hand === "left" ? rights.get(side.rest) : undefined;
    return right === undefined ? now : flipped(now, name, right);
  }, skeleton);
}

type Wire = NonNullable<NewLabel["skeleton"]>;

/** As the server takes it. */
export function asDocument(skeleton: Skeleton): Wire {
  const document = { points: skeleton.points.map((point) => ({ ...point })), edges: skeleton.edges.map((edge) => [...edge]), flip: skeleton.flip.map((pair) => [...pair]) };
  return skeleton.sigmas ? { ...document, sigmas: { ...skeleton.sigmas } } : document;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

function isPairs(value: unknown): value is string[][] {
  return value === undefined || (Array.isArray(value) && value.every((pair) => isTexts(pair) && pair.length === 2));
}

/** A category of COCO has names and numbered edges, and no template: its points go around a circle. */
function ofCategory(keypoints: readonly string[], edges: unknown): Skeleton {
  const points = keypoints.map((name, at) => {
    const turn = (2 * Math.PI * at) / keypoints.length;
    return { name, x: kept(0.5 + 0.4 * Math.sin(turn)), y: kept(0.5 - 0.4 * Math.cos(turn)) };
  });
  const pairs = (Array.isArray(edges) ? edges : []).flatMap((edge: unknown): NamePair[] => {
    const [a, b] = Array.isArray(edge) ? [keypoints[Number(edge[0]) - 1], keypoints[Number(edge[1]) - 1]] : [];
    return a !== undefined && b !== undefined && a !== b ? [[a, b]] : [];
  });
  return guessed({ points, edges: pairs, flip: [] });
}

/** Read a skeleton from a file of this editor, or from a category of a COCO file; null when it is neither. */
export function parsed(text: string): Skeleton | null {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return null;
  }
  if (isRecord(found) && Array.isArray(found["categories"])) found = (found["categories"] as unknown[]).find((category) => isRecord(category) && isTexts(category["keypoints"]));
  if (!isRecord(found)) return null;
  if (isTexts(found["keypoints"])) return ofCategory([...new Set(found["keypoints"])], found["skeleton"]);
  const { points, edges, flip } = found;
  const known = Array.isArray(points) && points.length <= MOST_POINTS && points.every((point) => isRecord(point) && typeof point["name"] === "string" && Number.isFinite(point["x"]) && Number.isFinite(point["y"]));
  if (!known || !isPairs(edges) || !isPairs(flip)) return null;
  const names = new Set((points as { name: string }[]).map(({ name }) => name));
  const pairs = [...(edges ?? []), ...(flip ?? [])].flat();
  return names.size === points.length && pairs.every((name) => names.has(name)) ? readSkeleton(found) : null;
}
