import type { CampaignModel, ModelComparison, Run } from "@/api/types";
import { modelTitle } from "@/parts/modelTitle";

type Compared = ModelComparison["models"][number];
export type Disputed = ModelComparison["pairs"][number]["disputed"][number];
export type Figure = "precision" | "recall" | "f1" | "iou";

/** The figure of a model for one label, or for all of them together; null where nothing was there to count. */
export function figureOf(model: Compared, label: number | null, figure: Figure): number | null {
  const row = label === null ? model.overall : model.labels.find((one) => one.label_id === label);
  return row?.[figure] ?? null;
}

/** The models whose figure is the best, none when all are equal: a table of equals has no winner. */
export function bestOf(values: readonly (number | null)[]): ReadonlySet<number> {
  const shown = values.map((value) => (value === null ? null : Math.round(1000 * value)));
  const known = shown.filter((value) => value !== null);
  const best = Math.max(...known);
  if (known.length < 2 || known.every((value) => value === best)) return new Set();
  return new Set(shown.flatMap((value, at) => (value === best ? [at] : [])));
}

/** The most disputed images of all pairs, each once, the most disputed first. */
export function mostDisputed(comparison: ModelComparison, most: number): Disputed[] {
  const found = new Map<number, Disputed>();
  for (const one of comparison.pairs.flatMap((pair) => pair.disputed)) {
    const known = found.get(one.image);
    if (known === undefined || known.dispute < one.dispute) found.set(one.image, one);
  }
  return [...found.values()].sort((a, b) => b.dispute - a.dispute || a.image - b.image).slice(0, most);
}

/** The models that a run compares, by name. */
export function namesOf(run: Pick<Run, "params">): string {
  const compared = run.params["compared"];
  return Array.isArray(compared) ? compared.map(({ name = "", version = "" }: { name?: string; version?: string }) => (version === "" ? name : modelTitle({ name, version }))).join(", ") : "";
}

/** Images a second: two digits below ten, whole above; a dash where no run has told. */
export function shownRate(perSecond: number | null, language: string): string {
  if (perSecond === null) return "–";
  return new Intl.NumberFormat(language, { maximumFractionDigits: perSecond < 1 ? 2 : perSecond < 10 ? 1 : 0 }).format(perSecond);
}

/** The two models to begin with: those that give labels of the campaign first, each in the order of the list. */
export function firstCompared(able: readonly CampaignModel[]): CampaignModel[] {
  const gives = (one: CampaignModel) => one.mapping.some((pair) => pair.label !== null);
  return [...able.filter(gives), ...able.filter((one) => !gives(one))].slice(0, 2);
}
