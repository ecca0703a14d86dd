/** Keeps the account of one image's work: every input of the person is noted once, with what it changed. */
import { attribute, giveBack, NO_EFFORT, spend, take, type Effort, type Tally } from "@/core/effort";
import { difference, type AnnotationDocument } from "@/core/document";
import type { Selection } from "@/core/selection";
import type { Session } from "@/modes/session";

interface Snapshot {
  readonly document: AnnotationDocument;
  readonly selection: Selection;
  readonly mode: string;
  readonly label: number | null;
}

export class EffortBook {
  private tally: Tally = NO_EFFORT;
  private before: Snapshot;
  /** Annotations that anything was spent on, during this visit. */
  private readonly touched = new Set<string>();

  constructor(private readonly session: Session) {
    this.before = this.snapshot();
  }

  /** What the page did by itself until now was nobody's action. */
  begin(): void {
    this.before = this.snapshot();
  }

  pass(active_s: number): void {
    this.tally = spend(this.tally, { active_s });
  }

  /** A key or a gesture came to its end. It was an action if it drew, or if anything is different now; a key held down is one press. */
  input({ drew = false, repeats = false }: { readonly drew?: boolean; readonly repeats?: boolean } = {}): void {
    const { before } = this;
    const now = this.snapshot();
    const changed = now.document !== before.document || now.selection !== before.selection || now.mode !== before.mode || now.label !== before.label;
    if (!changed && !drew) return;
    this.before = now;
    if (!repeats) this.tally = spend(this.tally, { actions: 1 });
    if (now.document !== before.document) this.give(difference(before.document, now.document).upsert.map(({ id }) => id));
    else if (now.selection !== before.selection) this.give(now.selection);
  }

  /** The image is done: a last look was for what was worked on, else for all that was agreed to. */
  settle(): void {
    this.input();
    const document = this.session.document();
    const mine = [...this.touched].filter((id) => document.has(id));
    this.give(mine.length > 0 ? mine : [...document.values()].filter(({ review }) => review === "accepted").map(({ id }) => id));
  }

  take(): Effort {
    const { rest, effort } = take(this.tally);
    this.tally = rest;
    return effort;
  }

  /** What `take` would take, left where it is. */
  untold(): Effort {
    return take(this.tally).effort;
  }

  giveBack(effort: Effort): void {
    this.tally = giveBack(this.tally, effort);
  }

  private give(ids: readonly string[]): void {
    this.tally = attribute(this.tally, ids);
    for (const id of this.tally.byId.keys()) this.touched.add(id);
  }

  private snapshot(): Snapshot {
    const { history, selection, mode, label } = this.session.store.getState();
    return { document: history.present.document, selection, mode, label };
  }
}
