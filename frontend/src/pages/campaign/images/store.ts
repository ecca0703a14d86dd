/** What somebody does in a campaign's gallery, kept while they look at other tabs: the selection, the filter last used, the view. */
import { createStore, type StoreApi, useStore } from "zustand";
import type { Ordering } from "@/api/gallery";
import { viewBook } from "@/api/viewBook";
import { follow, type Told } from "@/core/view-book";
import { orderingOf } from "./filters/address";
import { type Filter, NO_FILTER } from "./filters/model";
import type { Shape } from "./lasso";
import { NO_SELECTION, type Selection } from "./selection";

export type Look = "gallery" | "grid";

/** Kept in this browser; some of it follows the person (`VIEW`). */
export interface Choices {
  readonly look: Look;
  /** Columns of the keyboard grid. */
  readonly columns: number;
  readonly lasso: Shape;
  /** A labeling hands the images in, so that they count as labeled. */
  readonly submit: boolean;
  /** In the keyboard grid, a label leads on to the next image; null is what suits the campaign. */
  readonly goOn: boolean | null;
  readonly panel: boolean;
}

/** A list of images with its reason, such as those that look like one of them. */
export interface Listed {
  readonly title: string;
  readonly ids: readonly number[];
}

export interface GalleryState extends Choices {
  readonly selection: Selection;
  readonly filter: Filter;
  readonly ordering: Ordering;
  /** What the filter shows, in order. */
  readonly ids: readonly number[];
  /** Images that were found otherwise, in the place of what the filter gives; null where the filter speaks. */
  readonly listed: Listed | null;
  /** The filter that gave these ids; null when something was done since, so that it might give others. */
  readonly idsOf: Filter | null;
}

export const COLUMNS = { least: 2, most: 8, usual: 4 } as const;
const CHOICES: Choices = { look: "gallery", columns: COLUMNS.usual, lasso: "rectangle", submit: true, goOn: null, panel: true };

export type GalleryStore = StoreApi<GalleryState>;

const stores = new Map<number, GalleryStore>();

const LOOKS: ReadonlySet<unknown> = new Set<Look>(["gallery", "grid"]);
const SHAPES: ReadonlySet<unknown> = new Set<Shape>(["rectangle", "loop"]);

/** How images are looked at follows the person; what a labeling does stays a matter of this campaign and browser. */
const VIEW: Told<GalleryState> = {
  read: ({ look, columns, lasso, panel }) => ({ "gallery.look": look, "gallery.columns": columns, "gallery.lasso": lasso, "gallery.panel": panel }),
  write: (_state, { "gallery.look": look, "gallery.columns": columns, "gallery.lasso": lasso, "gallery.panel": panel }) => ({
    ...(LOOKS.has(look) ? { look: look as Look } : {}),
    ...(typeof columns === "number" && columns >= COLUMNS.least && columns <= COLUMNS.most ? { columns: Math.round(columns) } : {}),
    ...(SHAPES.has(lasso) ? { lasso: lasso as Shape } : {}),
    ...(typeof panel === "boolean" ? { panel } : {}),
  }),
};

const ORDERING = "gallery.ordering";

/** The order that the person chose last; a link says its own. */
export function usualOrdering(): Ordering {
  return orderingOf(String(viewBook.options()[ORDERING] ?? ""));
}

export function chooseOrdering(ordering: Ordering): void {
  viewBook.set({ [ORDERING]: ordering });
}

function keyOf(campaign: number): string {
  return `winnow:gallery:${campaign}`;
}

function read(campaign: number): Choices {
  try {
    return { ...CHOICES, ...(JSON.parse(localStorage.getItem(keyOf(campaign)) ?? "{}") as Partial<Choices>) };
  } catch {
    return CHOICES;
  }
}

function choicesOf({ look, columns, lasso, submit, goOn, panel }: Choices): Choices {
  return { look, columns, lasso, submit, goOn, panel };
}

function write(campaign: number, choices: string): void {
  try {
    localStorage.setItem(keyOf(campaign), choices);
  } catch {
    // A full or forbidden storage forgets choices; the gallery works on.
  }
}

export function galleryStore(campaign: number): GalleryStore {
  const known = stores.get(campaign);
  if (known !== undefined) return known;
  const store = createStore<GalleryState>(() => ({ ...read(campaign), selection: NO_SELECTION, filter: NO_FILTER, ordering: "id", ids: [], listed: null, idsOf: null }));
  store.subscribe((state, before) => {
    const now = JSON.stringify(choicesOf(state));
    if (now !== JSON.stringify(choicesOf(before))) write(campaign, now);
  });
  follow(viewBook, store, VIEW);
  stores.set(campaign, store);
  return store;
}

export function useGallery<T>(campaign: number, select: (state: GalleryState) => T): T {
  return useStore(galleryStore(campaign), select);
}

/** Let the gallery show images that were found elsewhere, all of them chosen, so that they can be labeled at once. */
export function showInGallery(campaign: number, title: string, ids: readonly number[]): void {
  galleryStore(campaign).setState({ listed: { title, ids }, ids, idsOf: null, selection: { ids: new Set(ids), anchor: null } });
}

/** Images that are gone leave the list. */
export function unlist(campaign: number, gone: readonly number[]): void {
  const left = new Set(gone);
  galleryStore(campaign).setState(({ listed }) => (listed === null ? {} : { listed: { ...listed, ids: listed.ids.filter((id) => !left.has(id)) } }));
}
