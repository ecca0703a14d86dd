/** What of the labeling page's choices follows the person from browser to browser: how things are seen, and how tools are set. */
import { LET_GO, type Options } from "@/core/choices";
import type { Thresholds } from "@/core/review";
import type { SettingValue } from "@/core/tool-settings";
import { COLOR_BY, NAMES, type ViewChoice } from "@/core/view";
import type { Told } from "@/core/view-book";
import type { Preferences } from "./preferences";

const VIEW = "view.";
const TOOL = "tool.";
const THRESHOLD = "drafts.threshold";
const HEAT_MAP = "drafts.heatMap";

type Followed = Omit<ViewChoice, "tone">;

/** What each part of the view may be; how light a picture is shown belongs to the pictures of a campaign, not to the person. */
const FITS: { readonly [Name in keyof Followed]: (value: unknown) => boolean } = {
  opacity: isShare,
  names: (value) => NAMES.some((one) => one === value),
  colorBy: (value) => COLOR_BY.some((one) => one === value),
  crosshair: (value) => typeof value === "boolean",
  grid: (value) => typeof value === "boolean",
  minimap: (value) => typeof value === "boolean",
};
const PARTS = Object.keys(FITS) as (keyof Followed)[];

function isShare(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= 1;
}

function under(options: Options, prefix: string): [string, SettingValue][] {
  return Object.entries(options).flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : []));
}

function prefixed(prefix: string, values: Readonly<Record<string, SettingValue>>): Options {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value]));
}

function thresholdsFrom(now: Thresholds, options: Options): Thresholds {
  const all = options[THRESHOLD];
  const own = under(options, `${THRESHOLD}.`).filter(([id, value]) => /^\d+$/.test(id) && (isShare(value) || value === LET_GO));
  const byLabel = Object.fromEntries(Object.entries({ ...now.byLabel, ...Object.fromEntries(own) }).filter(([, value]) => value !== LET_GO)) as Thresholds["byLabel"];
  return { all: isShare(all) ? (all as number) : now.all, byLabel };
}

export const VIEW_OF_LABELING: Told<Preferences> = {
  read: ({ view, thresholds, heatMap, tools }) => ({
    ...prefixed(VIEW, Object.fromEntries(PARTS.map((part) => [part, view[part]]))),
    ...prefixed(TOOL, tools),
    ...prefixed(`${THRESHOLD}.`, thresholds.byLabel),
    [THRESHOLD]: thresholds.all,
    [HEAT_MAP]: heatMap,
  }),
  write: (state, options) => {
    const view = Object.fromEntries(PARTS.flatMap((part) => (FITS[part](options[`${VIEW}${part}`]) ? [[part, options[`${VIEW}${part}`]]] : [])));
    const heatMap = options[HEAT_MAP];
    return {
      view: { ...state.view, ...view },
      thresholds: thresholdsFrom(state.thresholds, options),
      tools: { ...state.tools, ...Object.fromEntries(under(options, TOOL).filter(([, value]) => value !== LET_GO)) },
      ...(typeof heatMap === "boolean" ? { heatMap } : {}),
    };
  },
};
