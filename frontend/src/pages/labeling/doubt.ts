/** The way through an image by what a model is least sure of. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { messageOf } from "@/api/problems";
import { doubtfulDrafts, stepped, type DoubtfulArea } from "@/core/doubt";
import { percent } from "@/render/shape-layers";
import type { Viewer } from "@/render/viewer";
import { kindOf } from "@/shapes/kinds";
import { uncertainAreas } from "./wire";
import type { Workspace } from "./workspace";

export interface DoubtState {
  /** Null until somebody asked. */
  readonly areas: readonly DoubtfulArea[] | null;
  readonly at: number | null;
}

const PADDING_PX = 140;
const stores = new WeakMap<Workspace, StoreApi<DoubtState>>();

/** The way through one image; it goes with the image. */
export function doubtIn(workspace: Workspace): StoreApi<DoubtState> {
  const store = stores.get(workspace) ?? createStore<DoubtState>(() => ({ areas: null, at: null }));
  stores.set(workspace, store);
  return store;
}

/** Go to the next or the previous uncertain area, and say which one it is; the answer is a word to the person. */
export async function jumpToDoubt(workspace: Workspace, viewer: Viewer, step: 1 | -1): Promise<string> {
  const store = doubtIn(workspace);
  let { areas } = store.getState();
  if (!areas) {
    try {
      areas = await areasOf(workspace);
    } catch (error) {
      return messageOf(error);
    }
    store.setState({ areas });
  }
  if (!viewer.isShowing(workspace.session)) return "";
  const at = stepped(store.getState().at, step, areas.length);
  const area = at === null ? undefined : areas[at];
  if (at === null || !area) return "No model is unsure anywhere in this image.";
  store.setState({ at });
  viewer.zoomTo(area.bounds, PADDING_PX);
  const text = `Uncertain area ${at + 1} of ${areas.length}: ${percent(area.uncertainty)}`;
  viewer.setFrame({ bounds: area.bounds, text });
  return text;
}

/** What the server made of the models' answers; without an answer, the drafts that are there. */
async function areasOf({ image, session }: Workspace): Promise<readonly DoubtfulArea[]> {
  const areas = await uncertainAreas(image.id);
  return areas.length > 0 ? areas : doubtfulDrafts(session.document(), ({ shape }) => kindOf(shape).bounds(shape));
}
