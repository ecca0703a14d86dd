/** One opened image: its session, its autosave, its journal, and the seconds of work on it. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { messageOf } from "@/api/problems";
import { noteActivity, startActivity, takeActivity, type Activity } from "@/core/activity";
import { Autosave } from "@/core/autosave";
import type { Work } from "@/core/effort";
import type { JournalEntry } from "@/core/journal";
import type { Assistant } from "@/core/assistant";
import type { Definitions } from "@/core/attributes";
import { canUndo } from "@/core/history";
import { applyPatch, difference, documentOf, isEmptyPatch } from "@/core/document";
import type { Thresholds } from "@/core/review";
import type { Skeletons } from "@/core/skeleton";
import type { ToolSettings } from "@/core/tool-settings";
import type { Bounds } from "@/core/types";
import { Session } from "@/modes/session";
import { kindOf } from "@/shapes/kinds";
import { EffortBook } from "./effort-book";
import { journalOf, type Journal } from "./journal";
import { handInArea, saveSet, submitSet, type ImageFacts, type Loaded, type SetState } from "./wire";

export interface WorkspaceState {
  readonly set: SetState;
  readonly flagged: boolean;
  /** Taken out of the campaign, perhaps while it is open here. */
  readonly excluded: boolean;
  /** Whether a model is asked about this image just now, or could not answer. */
  readonly asking: "" | "asking" | "failed";
  readonly askedReason: string;
}

export interface Desired {
  readonly label: number | null;
  readonly thresholds: Thresholds;
  readonly mode?: string;
  readonly tool?: string | null;
  readonly settings: ToolSettings;
  readonly definitions: Definitions;
  readonly assistantOf?: (image: ImageFacts) => Assistant;
  readonly skeletons: Skeletons;
  readonly shapes?: ReadonlySet<string> | null;
}

export type Finish = { readonly kind: "done" } | { readonly kind: "conflict" | "refused" | "waiting"; readonly message: string };

export class Workspace {
  readonly image: ImageFacts;
  readonly withheld: boolean;
  readonly leasedUntil_ms: number | null;
  readonly session: Session;
  readonly autosave: Autosave;
  readonly store: StoreApi<WorkspaceState>;
  readonly effort: EffortBook;
  private activity: Activity = startActivity(Date.now());
  /** False when this browser cannot keep unsaved changes by itself. */
  journaled = true;

  private constructor(loaded: Loaded, desired: Desired) {
    const { image, annotation_set: set } = loaded;
    this.image = image;
    this.withheld = set.prefill_withheld;
    this.leasedUntil_ms = loaded.lease && Date.parse(loaded.lease.expires_at);
    this.store = createStore<WorkspaceState>(() => ({ set: set.state, flagged: image.flagged, excluded: image.state === "excluded", asking: "", askedReason: "" }));
    const document = documentOf(set.annotations);
    const assistant = desired.assistantOf?.(image) ?? null;
    this.session = new Session({ size: { width: image.width, height: image.height }, document, assistant, ...desired });
    this.effort = new EffortBook(this.session);
    this.autosave = new Autosave(this.autosaveParts(set.author?.id ?? 0), document, set.version);
  }

  /** Open an image; changes that a closed tab or a crash left behind come back first. */
  static async open(loaded: Loaded, desired: Desired): Promise<Workspace> {
    const workspace = new Workspace(loaded, desired);
    const entry = await workspace.journal?.read();
    if (entry && !isEmptyPatch(entry.patch)) workspace.replay(entry);
    workspace.session.store.subscribe((state, before) => {
      if (state.history !== before.history) workspace.autosave.note();
    });
    if (entry) workspace.autosave.note();
    return workspace;
  }

  private journal: Journal | null = null;

  private autosaveParts(author: number): ConstructorParameters<typeof Autosave>[0] {
    this.journal = journalOf(author, this.image.id, () => (this.journaled = false));
    return {
      send: async (request) => {
        const outcome = await saveSet(this.image.id, request);
        if (outcome.kind === "saved") this.store.setState({ set: "draft", excluded: outcome.imageState === "excluded" });
        return outcome;
      },
      read: () => this.session.document(),
      replace: (document, title) => this.session.apply(title, () => document),
      takeIn: (patch) => {
        this.session.takeIn(patch);
        this.session.say("This image was changed elsewhere, in another tab perhaps: those changes are here, too.");
      },
      // What has no place, a label of the whole image, may exclude another.
      standsAlone: ({ shape }) => kindOf(shape).bounds(shape) !== null,
      takeWork: () => {
        const { rest, active_s } = takeActivity(this.activity);
        this.activity = rest;
        return { active_s, effort: this.effort.take() };
      },
      untoldWork: () => ({ active_s: takeActivity(this.activity).active_s, effort: this.effort.untold() }),
      giveBackWork: (work) => this.giveBackWork(work),
      remember: (entry) => this.journal?.write(entry),
    };
  }

  private giveBackWork({ active_s, effort }: Work): void {
    this.activity = { ...this.activity, active_s: this.activity.active_s + active_s };
    this.effort.giveBack(effort);
  }

  private replay({ version, patch, before, work }: JournalEntry): void {
    const saved = this.session.document();
    const mine = applyPatch(saved, patch);
    // Where the changes had arrived, the work had been told with them.
    if (work && !isEmptyPatch(difference(saved, mine))) this.giveBackWork(work);
    if (version === this.autosave.version || isEmptyPatch(difference(saved, mine))) this.session.apply("Brought back unsaved changes", () => mine);
    else {
      this.session.apply("Brought back unsaved changes", () => mine);
      this.autosave.collide(saved, this.autosave.version, patch, before);
    }
  }

  /** Drafts that come now would disturb nobody: nothing was done here yet. */
  takesDrafts(): boolean {
    const { set } = this.store.getState();
    return !this.withheld && set === "draft" && !canUndo(this.session.store.getState().history) && this.autosave.state === "saved" && isEmptyPatch(this.autosave.unsaved());
  }

  /** Take up what models drafted meanwhile; what the person did in the same moment stays. */
  takeUp({ annotations, version }: Pick<Loaded["annotation_set"], "annotations" | "version">): void {
    if (version <= this.autosave.version) return;
    const theirs = documentOf(annotations);
    const mine = this.autosave.unsaved();
    this.autosave.adopt(theirs, version);
    if (isEmptyPatch(mine)) this.session.restart(theirs);
    else this.session.apply("Took up drafts", () => applyPatch(theirs, mine));
    this.effort.begin();
  }

  noteActivity(): void {
    const before_s = this.activity.active_s;
    this.activity = noteActivity(this.activity, Date.now());
    this.effort.pass(this.activity.active_s - before_s);
  }

  /** It comes on the desk: the time that it lay ready was no work, and how it lies is nobody's action. */
  begin(): void {
    this.activity = { ...this.activity, last_ms: Date.now() };
    this.effort.begin();
  }

  /** Nothing here would be lost if the page closed now. */
  isSafe(): boolean {
    return this.autosave.state === "saved" || this.journaled;
  }

  /** Whether anything would change by submitting again. */
  isSubmitted(): boolean {
    const { set } = this.store.getState();
    return (set === "submitted" || set === "accepted") && isEmptyPatch(this.autosave.unsaved());
  }

  /** Save what is left, then submit; "waiting" means that the network is away. */
  async finish(): Promise<Finish> {
    this.effort.settle();
    const state = await this.autosave.report();
    const { message } = this.autosave.store.getState();
    if (state !== "saved") return { kind: state === "conflict" || state === "refused" ? state : "waiting", message };
    const sent = this.session.document();
    const outcome = await submitSet(this.image.id, this.autosave.version);
    if (outcome.kind === "saved") {
      this.autosave.adopt(sent, outcome.version);
      this.store.setState({ set: "submitted" });
      return { kind: "done" };
    }
    // All of ours was saved, so whoever saved after that saw it: their version is the newer one, and goes on the desk.
    if (outcome.kind === "conflict") this.autosave.collide(outcome.document, outcome.version, { upsert: [], delete: [] }, {});
    return outcome.kind === "conflict" ? { kind: "conflict", message: "Somebody else saved it in the meantime. Look at it again." } : { kind: outcome.kind === "offline" ? "waiting" : "refused", message: outcome.message };
  }

  /** Save what is left, then hand in one area of the image, which stays open; the answer says why not, or nothing. */
  async handIn(bounds: Bounds): Promise<string> {
    this.effort.settle();
    const state = await this.autosave.report();
    if (state !== "saved") return this.autosave.store.getState().message || "It is not saved yet; try again.";
    try {
      await handInArea(this.image.id, this.autosave.version, bounds);
      return "";
    } catch (error) {
      return messageOf(error);
    }
  }

  close(): void {
    this.autosave.close();
  }
}
