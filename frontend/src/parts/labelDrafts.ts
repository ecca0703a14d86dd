import type { NewLabel } from "@/api/types";

/** Colours that stay apart for most kinds of colour blindness; the server uses the same. */
export const PALETTE = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#b3a100", "#8c564b", "#7f7f7f", "#9467bd"] as const;
const KEYS = "123456789";

/** The next label of a list: a free colour and a free key. */
export function nextLabel(labels: readonly NewLabel[], name = ""): NewLabel {
  const color = PALETTE.find((one) => labels.every((label) => label.color.toLowerCase() !== one)) ?? PALETTE[labels.length % PALETTE.length] ?? PALETTE[0];
  const hotkey = [...KEYS].find((key) => labels.every((label) => label.hotkey !== key)) ?? "";
  return { name, color, hotkey };
}

/** Add names from a pasted list; names that are there already stay as they are. */
export function withNames(labels: readonly NewLabel[], text: string): NewLabel[] {
  const names = text.split(/[,;\n\t]+/).map((name) => name.trim()).filter((name) => name !== "");
  return names.reduce<NewLabel[]>((known, name) => (known.some((label) => label.name.toLowerCase() === name.toLowerCase()) ? known : [...known, nextLabel(known, name)]), [...labels]);
}

export interface LabelProblem {
  index: number;
  field: "name" | "hotkey";
  problem: "empty" | "taken";
}

/** What stands in the way of saving: empty names, names and keys used twice. */
export function labelProblems(labels: readonly NewLabel[]): LabelProblem[] {
  const problems: LabelProblem[] = [];
  labels.forEach((label, index) => {
    const before = labels.slice(0, index);
    if (label.name.trim() === "") problems.push({ index, field: "name", problem: "empty" });
    else if (before.some((other) => other.name.trim() === label.name.trim())) problems.push({ index, field: "name", problem: "taken" });
    if (label.hotkey !== "" && before.some((other) => other.hotkey === label.hotkey)) problems.push({ index, field: "hotkey", problem: "taken" });
  });
  return problems;
}
