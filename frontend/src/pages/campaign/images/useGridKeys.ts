import { type KeyboardEvent, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Campaign } from "@/api/types";
import { labelKeys, type LabelKey } from "@/pages/labeling/label-keys";
import type { Labeler } from "./labeler";
import { operation, type Operation } from "./labeling";
import type { Rows } from "./rows";
import { type Selection, toggled } from "./selection";
import { galleryStore } from "./store";

/** Keys that the grid owns; a label that wishes for one falls back to a digit. */
const OWN_KEYS: ReadonlySet<string> = new Set(["A", "X", "G", "Z", " ", "ENTER", "BACKSPACE", "DELETE", "ESCAPE", "TAB"]);

export function gridKeys(campaign: Campaign): LabelKey[] {
  return labelKeys(campaign.labels, OWN_KEYS);
}

interface Grid {
  campaign: Campaign;
  ids: readonly number[];
  places: ReadonlyMap<number, number>;
  rows: Rows;
  labeler: Labeler;
  mayLabel: boolean;
  selection: Selection;
  onSelect: (change: (now: Selection) => Selection) => void;
  onFocus: (id: number) => void;
}

/** Images that a key is about: the chosen ones when the focus is among them, else the one in focus. */
export function targetsOf(focus: number, selection: Selection, places: ReadonlyMap<number, number>): number[] {
  if (!selection.ids.has(focus)) return [focus];
  return [...selection.ids].filter((id) => places.has(id)).toSorted((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
}

/** The next image after all that were labeled, so that a hand can go on without looking for its place. */
export function nextAfter(targets: readonly number[], ids: readonly number[], places: ReadonlyMap<number, number>): number | undefined {
  const last = Math.max(...targets.map((id) => places.get(id) ?? -1));
  return ids[last + 1];
}

/** The hand on the keyboard: one key a label, and on to the next image. */
export function useGridKeys({ campaign, ids, places, rows, labeler, mayLabel, selection, onSelect, onFocus }: Grid): { keys: LabelKey[]; onKey: (event: KeyboardEvent, id: number) => boolean; label: (label: number, focus: number) => void } {
  const { t } = useTranslation();
  const keys = useMemo(() => gridKeys(campaign), [campaign]);
  const name = (label: number): string => campaign.labels.find((one) => one.id === label)?.name ?? "";
  const { submit, goOn } = galleryStore(campaign.id).getState();
  const leadsOn = goOn ?? !(campaign.settings.multi_label ?? false);

  const apply = (title: string, targets: readonly number[], change: Partial<Operation>): void => {
    labeler.apply(t("gallery.step", { what: title, count: targets.length }), targets, operation({ submit, ...change }));
  };
  const goOnAfter = (targets: readonly number[]): void => {
    const next = nextAfter(targets, ids, places);
    if (leadsOn && next !== undefined) onFocus(next);
  };
  const label = (id: number, focus: number): void => {
    const targets = targetsOf(focus, selection, places);
    apply(name(id), targets, { add: [id] });
    goOnAfter(targets);
  };
  /** Accept or reject what models guess, one labeling for each label that was guessed. */
  const review = (focus: number, accepts: boolean): void => {
    const targets = targetsOf(focus, selection, places);
    const guessed = new Map<number, number[]>();
    for (const id of targets) {
      const guess = rows.get(id)?.guesses?.[0];
      if (guess !== undefined) guessed.set(guess.label, [...(guessed.get(guess.label) ?? []), id]);
    }
    for (const [id, images] of guessed) apply(t(accepts ? "gallery.accepted" : "gallery.rejected", { name: name(id) }), images, accepts ? { add: [id] } : { remove: [id], submit: false });
    if (accepts && guessed.size > 0) goOnAfter(targets);
  };
  const clear = (focus: number): void => {
    const targets = targetsOf(focus, selection, places);
    const there = new Set(targets.flatMap((id) => rows.get(id)?.whole_labels.map((one) => one.label) ?? []));
    if (there.size > 0) apply(t("gallery.cleared"), targets, { remove: [...there] });
  };
  /** The next of an image's labels becomes its default. */
  const turnDefault = (focus: number): void => {
    const labels = rows.get(focus)?.whole_labels ?? [];
    const next = labels[(labels.findIndex((one) => one.default) + 1) % labels.length];
    if (next !== undefined) apply(t("gallery.defaultOf", { name: name(next.label) }), [focus], { default: next.label });
  };

  const onKey = (event: KeyboardEvent, focus: number): boolean => {
    if (event.ctrlKey || event.metaKey) return false;
    const key = event.key.toUpperCase();
    if (key === "ENTER" || key === " ") {
      onSelect((now) => toggled(now, focus));
      return true;
    }
    if (!mayLabel || event.repeat) return false;
    const chosen = keys.find((one) => one.key === key)?.label.id;
    if (chosen !== undefined) label(chosen, focus);
    else if (key === "A" || key === "X") review(focus, key === "A");
    else if (key === "BACKSPACE" || key === "DELETE") clear(focus);
    else if (key === "G") turnDefault(focus);
    else return false;
    return true;
  };
  return { keys, onKey, label };
}
