/** Why an image is asked, and the way through the areas that its round asks about. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { messageOf } from "@/api/problems";
import { stepped } from "@/core/doubt";
import type { Bounds, Point } from "@/core/types";
import type { Viewer } from "@/render/viewer";
import { whyAsked, type WhyAsked } from "./wire";
import type { Workspace } from "./workspace";

export interface AskedArea {
  readonly bounds: Bounds;
  readonly why: string;
  readonly outline: readonly Point[];
  /** Handed in by itself. */
  readonly done: boolean;
}

export interface AskedState {
  /** Null until it was asked for, and where that failed. */
  readonly told: WhyAsked | null;
  readonly failed: string;
  readonly areas: readonly AskedArea[];
  readonly at: number | null;
}

const PADDING_PX = 90;
const EMPTY: AskedState = { told: null, failed: "", areas: [], at: null };
const stores = new WeakMap<Workspace, StoreApi<AskedState>>();
const questions = new WeakMap<Workspace, Promise<void>>();

/** What is known of one image; it goes with the image. */
export function askedIn(workspace: Workspace): StoreApi<AskedState> {
  const store = stores.get(workspace) ?? createStore<AskedState>(() => EMPTY);
  stores.set(workspace, store);
  return store;
}

/** Ask the server once an image, however many want to know; after a failure again. */
export function learnWhy(workspace: Workspace): Promise<void> {
  const going = questions.get(workspace) ?? ask(workspace);
  questions.set(workspace, going);
  return going;
}

async function ask(workspace: Workspace): Promise<void> {
  const store = askedIn(workspace);
  try {
    const told = await whyAsked(workspace.image.id);
    const areas = (told.ranked?.areas ?? []).map(({ bounds: [left = 0, top = 0, right = 0, bottom = 0], why, done, outline = [] }): AskedArea => ({ bounds: [left, top, right, bottom], why, done, outline: outline.map(([x = 0, y = 0]): Point => [x, y]) }));
    store.setState({ told, areas, failed: "" });
  } catch (error) {
    questions.delete(workspace);
    store.setState({ failed: messageOf(error) });
  }
}

/** Begin at the first area asked about, as soon as it is known, unless the person has gone on by then. */
export async function beginAtArea(workspace: Workspace, viewer: Viewer): Promise<void> {
  await learnWhy(workspace);
  if (askedIn(workspace).getState().at === null) goToArea(workspace, viewer, 1);
}

/** Go to the next or the previous area, and say which one it is; the answer is a word to the person. */
export async function jumpToArea(workspace: Workspace, viewer: Viewer, step: 1 | -1): Promise<string> {
  await learnWhy(workspace);
  const { areas, failed } = askedIn(workspace).getState();
  if (failed !== "") return failed;
  if (areas.length === 0) return "No round asks about an area of this image.";
  return goToArea(workspace, viewer, step);
}

/** Save, hand the area in that is looked at, and go on to the next one that is open; the answer is a word to the person. */
export async function finishArea(workspace: Workspace, viewer: Viewer): Promise<string> {
  await learnWhy(workspace);
  const store = askedIn(workspace);
  const { told, areas, at, failed } = store.getState();
  if (failed !== "") return failed;
  const area = at === null ? undefined : areas[at];
  if (!area || told?.areas_teach !== true) return "There is no area to hand in here; submit the whole image.";
  const refused = await workspace.handIn(area.bounds);
  if (refused !== "") return refused;
  const left = areas.map((one) => (one === area ? { ...one, done: true } : one));
  store.setState({ areas: left });
  const next = nextOpen(left, at ?? 0);
  if (next === null) return "All areas are handed in. Go on with the next image, or submit this one as a whole.";
  goToArea(workspace, viewer, 1, next);
  return `Handed in; ${left.filter((one) => !one.done).length} to go.`;
}

/** The place of the next area that nobody handed in, going round. */
function nextOpen(areas: readonly AskedArea[], at: number): number | null {
  const places = areas.map((_, step) => (at + 1 + step) % areas.length);
  return places.find((place) => areas[place]?.done === false) ?? null;
}

function goToArea(workspace: Workspace, viewer: Viewer, step: 1 | -1, to?: number): string {
  const store = askedIn(workspace);
  const { areas, at: before } = store.getState();
  const at = to ?? stepped(before, step, areas.length);
  const area = at === null ? undefined : areas[at];
  if (at === null || !area || !viewer.isShowing(workspace.session)) return "";
  store.setState({ at });
  viewer.zoomTo(area.bounds, PADDING_PX);
  viewer.setFrame({ bounds: area.bounds, outline: area.outline, text: `Asked about: ${at + 1} of ${areas.length}` });
  return area.why;
}
