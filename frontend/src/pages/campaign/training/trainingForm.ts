import type { TrainingForm, TrainingWish } from "@/api/types";
import { startOf } from "./startSearch";

/** Before the name of a network, where a training sets out from one of a library. */
export const NETWORK = "network:";
/** Stands for any network of timm, whose name is typed. */
export const TIMM = "timm/";

export interface Values {
  name: string;
  method: "fast_head" | "fine_tune";
  size: "small" | "medium" | "large";
  minutes: number | string;
  epochs: number | string;
  patience: number | string;
  validation: number | string;
  groups: "none" | "folders" | "names" | "places" | "duplicates";
  learning_rate: number | string;
  weight_decay: number | string;
  seed: number | string;
  /** A model, such as "12" or "12-last"; a network, such as "network:torchvision/resnet50"; nothing for the backbone. */
  start_from: string;
  timm: string;
  /** The name of an uploaded file of weights. */
  weights: string;
  batch: number | string;
  flips: "none" | "horizontal" | "both" | "turns";
  colour: "none" | "light" | "strong";
  crop: boolean;
  frozen: "none" | "early" | "backbone";
  labels: string[];
  multi_label: boolean;
  bands: string;
  unlabeled: "auto" | "ignore" | "background";
  promote: boolean;
}

export const INITIAL: Values = {
  name: "", method: "fast_head", size: "small", minutes: 30, epochs: "", patience: "", validation: 20, groups: "none", learning_rate: "", weight_decay: "", seed: 0, start_from: "", timm: "", weights: "",
  batch: "", flips: "horizontal", colour: "none", crop: false, frozen: "none", labels: [], multi_label: true, bands: "", unlabeled: "auto", promote: true,
};

function numberOr(value: number | string): number | undefined {
  return value === "" ? undefined : Number(value);
}

/** A small number as people write it: "1e-4", "0.0001", "0,0001". What is no number goes as it is, for the server to say so. */
function smallNumber(value: number | string): number | string | undefined {
  const text = String(value).trim().replace(",", ".");
  return text === "" ? undefined : Number.isNaN(Number(text)) ? text : Number(text);
}

/** Numbers with anything between them: "4, 3, 2"; nothing: the colours that a person sees. */
export function bandsOf(text: string): number[] | undefined {
  const numbers = text.match(/\d+/g)?.map(Number);
  return numbers === undefined || numbers.length === 0 ? undefined : numbers;
}

/** What a training heeds, by name; what is not there is not shown and not sent. */
export type Wishes = ReadonlyMap<string, TrainingWish>;

export function wishesOf(list: readonly TrainingWish[]): Wishes {
  return new Map(list.map((wish) => [wish.name, wish]));
}

/** What holds where nothing is said, as a number reads; nothing for what is chosen by itself. */
export function usual(wishes: Wishes, name: string): string | undefined {
  const value = wishes.get(name)?.default;
  return typeof value === "number" ? String(value) : undefined;
}

/** The network that a training sets out from; undefined for the backbone, an earlier model, and a name that is not typed yet. */
export function networkOf({ start_from, timm }: Pick<Values, "start_from" | "timm">): string | undefined {
  if (!start_from.startsWith(NETWORK)) return undefined;
  const network = start_from.slice(NETWORK.length);
  if (network !== TIMM) return network;
  return timm.trim() === "" ? undefined : `${TIMM}${timm.trim()}`;
}

/** What the form says of what is heeded, without what was left blank: the server fills that in. */
export function trainingBody(values: Values, wishes: Wishes): TrainingForm {
  const from = startOf(values.start_from);
  const network = networkOf(values);
  const said = {
    size: values.size,
    name: values.name.trim() === "" ? undefined : values.name.trim(),
    minutes: numberOr(values.minutes),
    epochs: numberOr(values.epochs),
    patience: numberOr(values.patience),
    validation: values.validation === "" ? undefined : Number(values.validation) / 100,
    groups: values.groups === "none" ? undefined : values.groups,
    seed: numberOr(values.seed),
    start_from: from.start_from,
    network,
    weights: network === undefined || values.weights === "" ? undefined : values.weights,
    learning_rate: smallNumber(values.learning_rate),
    weight_decay: smallNumber(values.weight_decay),
    batch: numberOr(values.batch),
    flips: values.flips,
    colour: values.colour === "none" ? undefined : values.colour,
    crop: values.crop ? true : undefined,
    frozen: values.frozen === "none" ? undefined : values.frozen,
    labels: values.labels.length === 0 ? undefined : values.labels.map(Number),
    multi_label: values.multi_label ? undefined : false,
    bands: bandsOf(values.bands),
    unlabeled: values.unlabeled === "auto" ? undefined : values.unlabeled,
    promote: values.promote ? undefined : false,
  };
  const heeded = Object.entries(said).filter(([name, value]) => value !== undefined && wishes.has(name));
  const body: TrainingForm = { method: values.method, ...Object.fromEntries(heeded) };
  return body.start_from === undefined ? body : { ...body, ...from };
}
