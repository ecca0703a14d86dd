import { createContext, useContext } from "react";
import { useStore } from "zustand";
import type { Campaign } from "@/api/types";
import type { SessionState } from "@/modes/session";
import type { Viewer } from "@/render/viewer";
import { COMMANDS, isLooking, toolsOf, type Context } from "./commands";
import type { Desk, DeskState } from "./desk";
import type { LabelKey } from "./label-keys";
import type { PageKeys } from "./page-keys";
import type { Preferences, PreferenceStore } from "./preferences";
import type { Workspace } from "./workspace";

export interface Labeling {
  readonly campaign: Campaign;
  readonly desk: Desk;
  readonly viewer: Viewer;
  readonly preferences: PreferenceStore;
  readonly labels: readonly LabelKey[];
  readonly keys: PageKeys;
  readonly readOnly: boolean;
  readonly toggleKeySheet: () => void;
  readonly openLabelPalette: () => void;
  readonly focusCanvas: () => void;
}

export const LabelingContext = createContext<Labeling | null>(null);

export function useLabeling(): Labeling {
  const labeling = useContext(LabelingContext);
  if (!labeling) throw new Error("Panels of the labeling page need its context.");
  return labeling;
}

export function useDesk<T>(select: (state: DeskState) => T): T {
  return useStore(useLabeling().desk.store, select);
}

export function usePreference<T>(select: (state: Preferences) => T): T {
  return useStore(useLabeling().preferences, select);
}

export function useSession<T>(workspace: Workspace, select: (state: SessionState) => T): T {
  return useStore(workspace.session.store, select);
}

/** What commands need, for the image that is on the desk at this moment. Who only looks gets none for what changes something. */
export function contextOf(labeling: Labeling): Context | null {
  return labeling.readOnly ? null : lookingContextOf(labeling);
}

/** The same for commands that change nothing. */
export function lookingContextOf({ desk, viewer, preferences, campaign, toggleKeySheet, openLabelPalette }: Labeling): Context | null {
  const workspace = desk.onDesk();
  if (!workspace) return null;
  return { desk, session: workspace.session, viewer, preferences, task: campaign.task, multiLabel: campaign.settings.multi_label ?? false, tools: toolsOf(campaign), toggleKeySheet, openLabelPalette };
}

/** Run commands by their id, from buttons. */
export function useCommand(): (id: string) => void {
  const labeling = useLabeling();
  return (id) => {
    const command = COMMANDS.find((candidate) => candidate.id === id);
    const context = command && isLooking(command) ? lookingContextOf(labeling) : contextOf(labeling);
    if (context) command?.run(context);
  };
}
