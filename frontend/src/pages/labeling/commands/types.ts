import type { Task } from "@/api/types";
import type { DrawTool } from "@/core/kinds";
import type { Session } from "@/modes/session";
import type { Viewer } from "@/render/viewer";
import type { Desk } from "../desk";
import type { PreferenceStore } from "../preferences";

/** What commands need, for the image that is on the desk. */
export interface Context {
  readonly desk: Desk;
  readonly session: Session;
  readonly viewer: Viewer;
  readonly preferences: PreferenceStore;
  readonly task: Task;
  readonly multiLabel: boolean;
  /** What this campaign draws with, in the order of the toolbar. */
  readonly tools: readonly DrawTool[];
  readonly toggleKeySheet: () => void;
  /** Choose a label by typing a part of its name. */
  readonly openLabelPalette: () => void;
}

export const GROUPS = ["Draw and edit", "Shapes", "Objects", "Review drafts", "The queue", "View"] as const;
export type Group = (typeof GROUPS)[number];

export interface Command {
  readonly id: string;
  readonly title: string;
  readonly group: Group;
  /** As the page comes; people may choose others. */
  readonly keys: readonly string[];
  /** Only where this is true is the key used; elsewhere the next command with the key gets it, or the browser. */
  readonly when?: (context: Context) => boolean;
  readonly run: (context: Context) => void;
  /** The one shape that it works on; commands of two shapes may share a key. */
  readonly shape?: string;
}

const WAYS: ReadonlySet<string> = new Set(["previous", "next", "previous-uncertain", "next-uncertain", "previous-area", "next-area"]);

/** Whether a command changes nothing but what is seen: who only looks may use it. */
export function isLooking({ id, group }: Command): boolean {
  return group === "View" || WAYS.has(id);
}

export function isClassification({ task }: Context): boolean {
  return task === "classification";
}
