import type { TrainingForm } from "@/api/types";
import { startOf } from "./startSearch";

export interface Values {
  name: string;
  method: "fast_head" | "fine_tune";
  size: "small" | "medium" | "large";
  minutes: number | string;
  patience: number | string;
  validation: number | string;
  groups: "none" | "folders" | "duplicates";
  learning_rate: number | string;
  seed: number | string;
  start_from: string;
  batch: number | string;
  flips: "none" | "horizontal" | "both" | "turns";
  colour: "none" | "light" | "strong";
  crop: boolean;
  frozen: "none" | "early" | "backbone";
  labels: string[];
  bands: string;
  unlabeled: "auto" | "ignore" | "background";
  promote: boolean;
}

export const INITIAL: Values = {
  name: "", method: "fast_head", size: "small", minutes: 30, patience: "", validation: 20, groups: "none", learning_rate: "", seed: 0, start_from: "",
  batch: "", flips: "horizontal", colour: "none", crop: false, frozen: "none", labels: [], bands: "", unlabeled: "auto", promote: true,
};

function numberOr(value: number | string): number | undefined {
  return value === "" ? undefined : Number(value);
}

/** Numbers with anything between them: "4, 3, 2"; nothing: the colours that a person sees. */
export function bandsOf(text: string): number[] | undefined {
  const numbers = text.match(/\d+/g)?.map(Number);
  return numbers === undefined || numbers.length === 0 ? undefined : numbers;
}

/** What only a fine-tuning takes: a fast head sees every picture as it is, and its features never change. */
function tuning(values: Values) {
  return {
    learning_rate: numberOr(values.learning_rate),
    batch: numberOr(values.batch),
    flips: values.flips,
    colour: values.colour === "none" ? undefined : values.colour,
    crop: values.crop ? true : undefined,
    frozen: values.frozen === "none" ? undefined : values.frozen,
  };
}

/** What the form says, without what was left blank: the server fills that in. */
export function trainingBody(values: Values): TrainingForm {
  const { name, method, size } = values;
  const body = {
    method,
    size,
    name: name.trim() === "" ? undefined : name.trim(),
    minutes: numberOr(values.minutes),
    patience: numberOr(values.patience),
    validation: values.validation === "" ? undefined : Number(values.validation) / 100,
    groups: values.groups === "none" ? undefined : values.groups,
    seed: numberOr(values.seed),
    ...startOf(values.start_from),
    ...(method === "fine_tune" ? tuning(values) : {}),
    labels: values.labels.length === 0 ? undefined : values.labels.map(Number),
    bands: bandsOf(values.bands),
    unlabeled: values.unlabeled === "auto" ? undefined : values.unlabeled,
    promote: values.promote ? undefined : false,
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

