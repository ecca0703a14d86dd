import type { Ring } from "@/core/types";

export interface ScoreDocument {
  index: number | null;
  class: string;
  confidence: number;
}

interface Named {
  index: number | null;
  class: string;
  confidence: number | null;
}

export type PredictionItem =
  | { kind: "classification"; mode: string; scores: ScoreDocument[] }
  | ({ kind: "box"; x: number; y: number; width: number; height: number; rotation: number } & Named)
  | ({ kind: "polygon"; polygons: Ring[][] } & Named)
  | ({ kind: "mask"; mask: { size: [number, number]; counts: string } } & Named)
  | ({ kind: "keypoints"; points: { name: string; x: number; y: number; v: number }[] } & Named)
  | { kind: "raster"; size: [number, number]; classes: { index: number; name: string }[]; confidence: number | null; class_map?: string | null }
  | { kind: "embedding"; space: string };

export interface Line {
  name: string;
  index: number | null;
  confidence: number | null;
  what: string;
}

/** An answer as lines of a list, the surest first. */
export function linesOfItems(items: readonly PredictionItem[]): Line[] {
  const lines = items.flatMap((item): Line[] => {
    if (item.kind === "classification") return item.scores.map((score) => ({ name: score.class, index: score.index, confidence: score.confidence, what: "class" }));
    if (item.kind === "raster") return item.classes.map((one) => ({ name: one.name, index: one.index, confidence: null, what: "pixels" }));
    if (item.kind === "embedding") return [{ name: item.space, index: null, confidence: null, what: "embedding" }];
    return [{ name: item.class, index: item.index, confidence: item.confidence, what: item.kind }];
  });
  return lines.sort((a, b) => (b.confidence ?? 0) - (a.confidence ?? 0));
}

interface ModelClass {
  readonly index: number;
  readonly name: string;
}

/** The model's classes with those that its answer names or counts and the model does not have: each once, named ones behind the others. */
export function withFoundClasses(classes: readonly ModelClass[], lines: readonly Pick<Line, "name" | "index">[]): ModelClass[] {
  const known = new Set(classes.map(({ index }) => index));
  const counted = new Map(lines.flatMap(({ index, name }) => (index === null || known.has(index) ? [] : [[index, name === "" ? String(index) : name] as const])));
  const numbered = [...classes, ...[...counted].sort(([one], [other]) => one - other).map(([index, name]) => ({ index, name }))];
  const names = new Set(lines.filter(({ index, name }) => index === null && name !== "").map(({ name }) => name));
  const first = Math.max(-1, ...numbered.map(({ index }) => index)) + 1;
  return [...numbered, ...[...names].sort().map((name, place) => ({ index: first + place, name }))];
}

/** A ring list as the `d` of an SVG path; holes by the even-odd rule. */
export function pathOf(polygons: readonly (readonly Ring[])[]): string {
  return polygons
    .flat()
    .map((ring) => `M${ring.map(([x, y]) => `${x} ${y}`).join("L")}Z`)
    .join("");
}

const COLORS = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#d55e00", "#cc79a7", "#0072b2", "#ffffff"] as const;

/** A colour for a class that has no label of its own yet. */
export function classColor(index: number | null): string {
  return COLORS[(index ?? 7) % COLORS.length] ?? COLORS[0];
}

/** A parsed answer. The schema keeps it open, because every kind of item has its own fields; the server has checked them. */
export interface PredictionDocument {
  items: PredictionItem[];
  dropped: { reason: string; class: string; count: number }[];
}

export function answerOf(document: Record<string, unknown> | null): PredictionDocument | null {
  if (document === null || !Array.isArray(document["items"])) return null;
  const dropped = document["dropped"];
  return { items: document["items"] as PredictionItem[], dropped: Array.isArray(dropped) ? (dropped as PredictionDocument["dropped"]) : [] };
}

/** What the number of lines counts; an answer without any is sound, and no classes were scored in it. */
export function countedAs(lines: readonly { readonly what: string }[]): "nothing" | "scored" | "found" {
  if (lines.length === 0) return "nothing";
  return lines.every(({ what }) => what === "class") ? "scored" : "found";
}
