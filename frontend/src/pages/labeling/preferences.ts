/** What a person chose in a campaign, kept in this browser; how things are seen follows the person (`followed`). */
import { createStore, type StoreApi } from "zustand/vanilla";
import { DEFAULT_THRESHOLDS, type Thresholds } from "@/core/review";
import type { Places } from "@/core/places";
import { ToolSettings, type SettingValue } from "@/core/tool-settings";
import { DEFAULT_VIEW, viewChoice, type ViewChoice } from "@/core/view";

export type Stretch = "auto" | "percentile" | "range";

export interface BandChoice {
  /** Band numbers from 1: red, green, blue, or one for gray. Empty: what the server shows by itself. */
  readonly bands: readonly number[];
  readonly stretch: Stretch;
  /** Percent of the pixels that are black, and from which on they are white, where the stretch goes by percentiles. */
  readonly low: number;
  readonly high: number;
  readonly gamma: number;
}

export const DEFAULT_BANDS: BandChoice = { bands: [], stretch: "auto", low: 2, high: 98, gamma: 1 };

export interface Preferences {
  readonly thresholds: Thresholds;
  /** Submitting accepts the drafts that are shown; otherwise it drops what nobody reviewed. */
  readonly keepDrafts: boolean;
  /** With one label per image: choosing it submits and goes on. */
  readonly goOn: boolean;
  readonly heatMap: boolean;
  /** Labels given lately, the last one first. */
  readonly recent: readonly number[];
  /** By the number of bands, so that a choice fits the next image of the same kind. */
  readonly bands: Readonly<Record<number, BandChoice>>;
  readonly view: ViewChoice;
  /** Labels whose objects are out of sight. */
  readonly hiddenLabels: readonly number[];
  /** Where the person was in each image. */
  readonly places: Places;
  /** Sizes, tolerances and switches of tools. */
  readonly tools: Readonly<Record<string, SettingValue>>;
}

const DEFAULTS: Preferences = { thresholds: DEFAULT_THRESHOLDS, keepDrafts: true, goOn: false, heatMap: false, recent: [], bands: {}, view: DEFAULT_VIEW, hiddenLabels: [], places: [], tools: {} };

function keyOf(campaign: number): string {
  return `winnow:labeling:${campaign}`;
}

function read(campaign: number): Preferences {
  try {
    const stored = JSON.parse(localStorage.getItem(keyOf(campaign)) ?? "{}") as Partial<Preferences>;
    return { ...DEFAULTS, ...stored, view: viewChoice(stored.view) };
  } catch {
    return DEFAULTS;
  }
}

function write(campaign: number, preferences: Preferences): void {
  try {
    localStorage.setItem(keyOf(campaign), JSON.stringify(preferences));
  } catch {
    // A full or forbidden storage forgets choices; labeling goes on.
  }
}

export type PreferenceStore = StoreApi<Preferences>;

export function preferencesOf(campaign: number): PreferenceStore {
  const store = createStore<Preferences>(() => read(campaign));
  store.subscribe((preferences) => write(campaign, preferences));
  return store;
}

/** Settings of tools that the preferences keep. */
export function toolSettingsOf(preferences: PreferenceStore): ToolSettings {
  const settings = new ToolSettings(preferences.getState().tools);
  settings.store.subscribe((tools) => preferences.setState({ tools }));
  preferences.subscribe(({ tools }, before) => {
    if (tools !== before.tools && tools !== settings.store.getState()) settings.store.setState(tools, true);
  });
  return settings;
}

/** Take the objects of a label out of sight, or bring them back. */
export function toggleLabelSight(preferences: PreferenceStore, label: number | null): void {
  if (label === null) return;
  preferences.setState(({ hiddenLabels }) => ({ hiddenLabels: hiddenLabels.includes(label) ? hiddenLabels.filter((other) => other !== label) : [...hiddenLabels, label] }));
}
