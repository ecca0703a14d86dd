/** What somebody does in a campaign's gallery, kept while they look at other tabs: the selection, the filter last used, the view. */
import { createStore, type StoreApi, useStore } from "zustand";
import type { Ordering } from "@/api/gallery";
import { type Filter, NO_FILTER } from "./filters/model";
import type { Shape } from "./lasso";
import { NO_SELECTION, type Selection } from "./selection";

export type Look = "gallery" | "grid";

/** Kept in this browser. */
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

export interface GalleryState extends Choices {
  readonly selection: Selection;
  readonly filter: Filter;
  readonly ordering: Ordering;
  /** What the filter shows, in order. */
  readonly ids: readonly number[];
}

export const COLUMNS = { least: 2, most: 8, usual: 4 } as const;
const CHOICES: Choices = { look: "gallery", columns: COLUMNS.usual, lasso: "rectangle", submit: true, goOn: null, panel: true };

export type GalleryStore = StoreApi<GalleryState>;

const stores = new Map<number, GalleryStore>();

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
  const store = createStore<GalleryState>(() => ({ ...read(campaign), selection: NO_SELECTION, filter: NO_FILTER, ordering: "id", ids: [] }));
  store.subscribe((state, before) => {
    const now = JSON.stringify(choicesOf(state));
    if (now !== JSON.stringify(choicesOf(before))) write(campaign, now);
  });
  stores.set(campaign, store);
  return store;
}

export function useGallery<T>(campaign: number, select: (state: GalleryState) => T): T {
  return useStore(galleryStore(campaign), select);
}
