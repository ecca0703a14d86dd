/** What a person chose in a campaign, kept in this browser. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { DEFAULT_THRESHOLDS, type Thresholds } from "@/core/review";
import { ToolSettings, type SettingValue } from "@/core/tool-settings";

export type Stretch = "auto" | "percentile" | "range";

export interface BandChoice {
  /** Band numbers from 1: red, green, blue, or one for gray. Empty: what the server shows by itself. */
  readonly bands: readonly number[];
  readonly stretch: Stretch;
  readonly gamma: number;
}

export const DEFAULT_BANDS: BandChoice = { bands: [], stretch: "auto", gamma: 1 };

export interface Preferences {
  readonly thresholds: Thresholds;
  /** Submitting accepts the drafts that are shown; otherwise it drops what nobody reviewed. */
  readonly keepDrafts: boolean;
  /** With one label per image: choosing it submits and goes on. */
  readonly goOn: boolean;
  readonly heatMap: boolean;
  /** By the number of bands, so that a choice fits the next image of the same kind. */
  readonly bands: Readonly<Record<number, BandChoice>>;
  /** Sizes, tolerances and switches of tools. */
  readonly tools: Readonly<Record<string, SettingValue>>;
}

const DEFAULTS: Preferences = { thresholds: DEFAULT_THRESHOLDS, keepDrafts: true, goOn: false, heatMap: false, bands: {}, tools: {} };

function keyOf(campaign: number): string {
  return `winnow:labeling:${campaign}`;
}

function read(campaign: number): Preferences {
  try {
    const stored = JSON.parse(localStorage.getItem(keyOf(campaign)) ?? "{}") as Partial<Preferences>;
    return { ...DEFAULTS, ...stored };
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
  return settings;
}
