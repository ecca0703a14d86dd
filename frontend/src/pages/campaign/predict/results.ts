/** What a model said of pictures, as lists, tables and files. Pure. */
import type { components } from "@/api/schema";
import type { Answer } from "@/api/client";
import type { Shape } from "@/core/types";

export type Predicted = Answer<components["schemas"]["Predicted"]>;

export interface Limits {
  /** For every label that has none of its own. */
  readonly all: number;
  readonly byLabel: Readonly<Record<string, number>>;
}

export interface Line {
  readonly label: number;
  readonly name: string;
  readonly confidence: number | null;
  /** Above its threshold; of labels of which one picture has one, the best that is above. */
  readonly positive: boolean;
  readonly shape: Shape | null;
  /** In the span that the campaign leaves to people. */
  readonly unsure: boolean;
}

function isAbove(line: { readonly label: number; readonly confidence: number | null }, limits: Limits): boolean {
  return line.confidence === null || line.confidence >= (limits.byLabel[line.label] ?? limits.all);
}

/** What was found, the surest first; `oneLabel`: a picture has one label at most. */
export function linesOf(predicted: Predicted, limits: Limits, oneLabel: boolean): Line[] {
  const labels = predicted.labels.map(({ label, confidence, unsure }, place) => ({
    label: label.id, name: label.name, confidence, shape: null, unsure,
    positive: isAbove({ label: label.id, confidence }, limits) && (!oneLabel || place === 0),
  }));
  const objects = predicted.objects.map(({ label, confidence, shape, unsure }) => ({
    label: label.id, name: label.name, confidence, unsure, shape: shape as unknown as Shape, positive: isAbove({ label: label.id, confidence }, limits),
  }));
  return [...labels, ...objects].sort((a, b) => (b.confidence ?? 1) - (a.confidence ?? 1));
}

const MOST_NAMED = 6;

/** The classes that were found and stand for no label, so that nobody takes a missing mapping for an empty picture. */
export function withoutLabel(predicted: Predicted): string {
  const names = Object.keys(predicted.unmapped);
  return [...names.slice(0, MOST_NAMED), ...(names.length > MOST_NAMED ? ["…"] : [])].join(", ");
}

/** A cell that a spreadsheet takes for text: what begins like a formula is quoted, as OWASP advises. */
function cell(value: string): string {
  const text = /^[=+\-@\t]/.test(value) ? `'${value}` : value;
  return /[",\n\r;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export interface Row {
  readonly file: string;
  readonly lines: readonly Line[];
}

/** A table of what is above the thresholds: one line per label or object. */
export function tableOf(rows: readonly Row[]): string {
  const head = ["file", "label", "confidence", "shape"];
  const body = rows.flatMap(({ file, lines }) =>
    lines.filter(({ positive }) => positive).map(({ name, confidence, shape }) => [file, name, confidence === null ? "" : confidence.toFixed(4), shape?.type ?? "whole"]),
  );
  return [head, ...body].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** File names by label, as folders of an archive: a picture lies in the folder of each label that it has, else in “no label”. */
export function foldersOf(rows: readonly Row[]): Map<string, string[]> {
  const folders = new Map<string, string[]>();
  const used = new Set<string>();
  for (const { file, lines } of rows) {
    const names = new Set(lines.filter(({ positive }) => positive).map(({ name }) => name.replaceAll(/[\\/:*?"<>|]/g, "_")));
    for (const folder of names.size > 0 ? names : new Set(["no label"])) {
      let path = file;
      for (let number = 2; used.has(`${folder}/${path}`); number += 1) path = file.replace(/(\.[^.]*)?$/, ` (${number})$1`);
      used.add(`${folder}/${path}`);
      folders.set(folder, [...(folders.get(folder) ?? []), path]);
    }
  }
  return folders;
}
