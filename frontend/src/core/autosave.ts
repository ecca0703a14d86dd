/** Autosave: small patches with a version, within a second of rest; nothing acknowledged is sent twice, nothing is lost in silence. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { applyPatch, difference, isEmptyPatch, type AnnotationDocument } from "./document";
import { NO_WORK, together, type Work } from "./effort";
import type { JournalEntry } from "./journal";
import { beforePatch, holds, isClash, type Before } from "./merge";
import type { Annotation, Patch } from "./types";

export type SaveState = "saved" | "unsaved" | "saving" | "offline" | "conflict" | "refused";

export interface Conflict {
  readonly theirs: AnnotationDocument;
  readonly version: number;
  /** What I changed and the server does not have, as it was before. */
  readonly before: Before;
}

export interface SaveStatus {
  readonly state: SaveState;
  readonly message: string;
  readonly conflict: Conflict | null;
}

export type SaveOutcome =
  | { readonly kind: "saved"; readonly version: number }
  | { readonly kind: "conflict"; readonly version: number; readonly document: AnnotationDocument }
  | { readonly kind: "offline"; readonly message: string }
  | { readonly kind: "refused"; readonly message: string };

export interface SaveRequest extends Work {
  readonly version: number;
  readonly patch: Patch;
}

export interface AutosaveParts {
  readonly send: (request: SaveRequest) => Promise<SaveOutcome>;
  readonly read: () => AnnotationDocument;
  /** Put another document in the place of the present one (undo brings it back). */
  readonly replace: (document: AnnotationDocument, title: string) => void;
  /** Put changes that were made elsewhere into the present document and into all that undo leads back to. */
  readonly takeIn: (patch: Patch) => void;
  /** Whether an annotation stands by itself: others may come and go beside it without a choice between them. */
  readonly standsAlone: (annotation: Annotation) => boolean;
  readonly takeWork: () => Work;
  /** What `takeWork` would take, left where it is. */
  readonly untoldWork: () => Work;
  /** A save did not arrive: its work is still to be told. */
  readonly giveBackWork: (work: Work) => void;
  readonly remember: (entry: JournalEntry | null) => void;
}

export const REST_MS = 700;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

export class Autosave {
  readonly store: StoreApi<SaveStatus> = createStore<SaveStatus>(() => ({ state: "saved", message: "", conflict: null }));
  private timer: ReturnType<typeof setTimeout> | null = null;
  private pumping: Promise<void> | null = null;
  private failures = 0;
  /** Told by the save that is on its way, and not acknowledged. */
  private telling: Work = NO_WORK;
  private closed = false;

  constructor(
    private readonly parts: AutosaveParts,
    private saved: AnnotationDocument,
    private currentVersion: number,
  ) {}

  get version(): number {
    return this.currentVersion;
  }

  get state(): SaveState {
    return this.store.getState().state;
  }

  /** What the server does not have yet. */
  unsaved(): Patch {
    return difference(this.saved, this.parts.read());
  }

  /** The document changed: remember it here at once, send it after a moment of rest. */
  note(): void {
    if (this.closed || this.state === "conflict") return;
    const patch = this.unsaved();
    this.remember(patch);
    if (isEmptyPatch(patch) && !this.pumping) this.show("saved");
    else if (this.state !== "offline" && this.state !== "saving") this.show("unsaved");
    if (this.state === "unsaved") this.later(REST_MS);
  }

  /** Save now, until nothing is left to save or saving stops. */
  async flush(): Promise<SaveState> {
    this.cancelTimer();
    while (this.state !== "conflict" && !isEmptyPatch(this.unsaved())) {
      await this.pump();
      if (this.state === "offline" || this.state === "refused") break;
    }
    await this.pumping;
    return this.state;
  }

  /** The network may be back. */
  wake(): void {
    if (this.state === "offline" || this.state === "refused") void this.pump();
  }

  /** Send even an empty change, so that the active seconds arrive before a submit. */
  async report(): Promise<SaveState> {
    const state = await this.flush();
    if (state === "saved" || (state === "offline" && isEmptyPatch(this.unsaved()))) await this.pump(true);
    return this.state;
  }

  /**
   * Another session of the same person, or of another, saved first.
   *
   * `patch` is what we tried to send; where their document holds it, or where they changed other objects than we did,
   * there is nothing to choose.
   */
  collide(theirs: AnnotationDocument, version: number, patch: Patch, before: Before): void {
    if (holds(theirs, patch)) {
      const later = difference(applyPatch(this.saved, patch), this.parts.read());
      this.adopt(theirs, version);
      const document = applyPatch(theirs, later);
      if (!isEmptyPatch(difference(this.parts.read(), document))) this.parts.replace(document, "Took in what was saved elsewhere");
      this.show("saved");
      this.note();
      return;
    }
    this.cancelTimer();
    const unsaved = this.unsaved();
    const touched = { ...beforePatch(this.saved, unsaved), ...before };
    const mine = [...unsaved.upsert, ...Object.values(touched).filter((annotation) => annotation !== null)];
    if (!isClash(touched, this.parts.read(), theirs) && mine.every(this.parts.standsAlone)) {
      const other = difference(this.saved, theirs);
      this.adopt(theirs, version);
      if (!isEmptyPatch(other)) this.parts.takeIn(other);
      this.show("saved");
      this.note();
      return;
    }
    this.store.setState({ state: "conflict", message: "Somebody else saved this image first.", conflict: { theirs, version, before: touched } });
  }

  /** End a conflict with the document that the person chose. */
  resolve(document: AnnotationDocument): void {
    const { conflict } = this.store.getState();
    if (!conflict) return;
    this.adopt(conflict.theirs, conflict.version);
    this.store.setState({ state: "unsaved", message: "", conflict: null });
    this.parts.replace(document, "Resolved a conflict");
    this.note();
  }

  /** A submit or another answer told a newer version of what we sent. */
  adopt(saved: AnnotationDocument, version: number): void {
    this.saved = saved;
    this.currentVersion = version;
  }

  close(): void {
    this.closed = true;
    this.cancelTimer();
  }

  private pump(evenEmpty = false): Promise<void> {
    this.pumping ??= this.saveOnce(evenEmpty).finally(() => {
      this.pumping = null;
      this.afterSave();
    });
    return this.pumping;
  }

  private async saveOnce(evenEmpty: boolean): Promise<void> {
    this.cancelTimer();
    const sent = this.parts.read();
    const patch = difference(this.saved, sent);
    // Offline, an empty change is worth its way: its answer tells that the network is back.
    if (isEmptyPatch(patch) && !evenEmpty && this.state !== "offline") return;
    const base = this.saved;
    const work = this.parts.takeWork();
    this.telling = work;
    // The last gesture is in the account only now, after the change that it made was noted.
    this.remember(patch);
    this.show("saving");
    const outcome = await this.parts.send({ version: this.currentVersion, patch, ...work });
    this.telling = NO_WORK;
    if (outcome.kind !== "saved") this.parts.giveBackWork(work);
    this.settle(outcome, sent, patch, base);
  }

  private settle(outcome: SaveOutcome, sent: AnnotationDocument, patch: Patch, base: AnnotationDocument): void {
    this.failures = outcome.kind === "offline" ? this.failures + 1 : 0;
    if (outcome.kind === "saved") {
      this.adopt(sent, outcome.version);
      this.remember(this.unsaved());
      this.show("saved");
    } else if (outcome.kind === "conflict") {
      this.collide(outcome.document, outcome.version, patch, beforePatch(base, patch));
    } else {
      this.show(outcome.kind, outcome.message);
    }
  }

  private afterSave(): void {
    if (this.closed) return;
    if (this.state === "offline") this.later(Math.min(FIRST_RETRY_MS * 2 ** (this.failures - 1), LAST_RETRY_MS));
    else if (this.state === "saved" || this.state === "unsaved" || this.state === "saving") this.note();
  }

  private remember(patch: Patch): void {
    const work = together(this.telling, this.parts.untoldWork());
    const entry = { version: this.currentVersion, patch, before: beforePatch(this.saved, patch), work, at_ms: Date.now() };
    this.parts.remember(isEmptyPatch(patch) ? null : entry);
  }

  private show(state: SaveState, message = ""): void {
    this.store.setState({ state, message, conflict: null });
  }

  private later(delay_ms: number): void {
    this.cancelTimer();
    this.timer = setTimeout(() => void this.pump(), delay_ms);
  }

  private cancelTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
