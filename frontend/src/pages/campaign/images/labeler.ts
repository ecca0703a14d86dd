/**
 * Labels many images as fast as somebody can press keys: every press shows at once, presses that say the same go to the
 * server together, a refused one is taken back, and each can be undone.
 */
import { createStore, type StoreApi } from "zustand/vanilla";
import { messageOf } from "@/api/problems";
import type { GalleryImage } from "@/api/gallery";
import { labeled, meant, type Operation, sameOperation } from "./labeling";

/** What the server is asked for. */
export interface LabelingWire {
  /** Returns the change to undo. */
  label(images: readonly number[], operation: Operation): Promise<number>;
  undo(change: number): Promise<void>;
}

/** Where changes are shown ahead of the server. */
export interface Shown {
  get(id: number): GalleryImage | undefined;
  change(id: number, change: Partial<GalleryImage>): void;
  settle(ids: Iterable<number>): void;
  revert(ids: Iterable<number>): void;
}

/** One press, or one change of a label. */
export interface Step {
  readonly title: string;
  readonly images: readonly number[];
  readonly operation: Operation | null;
  state: "waiting" | "sending" | "saved" | "undone" | "refused";
  /** The change that the server keeps; several presses may share one. */
  change: Change | null;
}

interface Change {
  readonly id: number;
  readonly steps: Step[];
}

export interface LabelerState {
  readonly unsaved: number;
  /** What Ctrl+Z takes back. */
  readonly undoes: string | null;
}

export interface LabelerOptions {
  readonly multi: boolean;
  readonly onSaved: () => void;
  readonly onRefused: (message: string, step: Step) => void;
}

const MOST_AT_ONCE = 500;

export class Labeler {
  readonly store: StoreApi<LabelerState> = createStore<LabelerState>(() => ({ unsaved: 0, undoes: null }));
  private steps: Step[] = [];
  private queue: (Step | (() => Promise<void>))[] = [];
  private working = false;

  constructor(
    private readonly wire: LabelingWire,
    private readonly shown: Shown,
    private readonly options: LabelerOptions,
  ) {}

  /** Show a labeling now, and send it as soon as what was pressed before is on the server. */
  apply(title: string, images: readonly number[], operation: Operation): Step {
    const known = images.map((id) => this.shown.get(id)?.whole_labels);
    const step: Step = { title, images, operation: meant(operation, known), state: "waiting", change: null };
    this.show(step);
    this.steps.push(step);
    this.enqueue(step);
    return step;
  }

  /** Remember a change that was made elsewhere (a rename, a merge), so that Ctrl+Z takes it back in its turn. */
  note(title: string, change: number): Step {
    const step: Step = { title, images: [], operation: null, state: "saved", change: { id: change, steps: [] } };
    step.change?.steps.push(step);
    this.steps.push(step);
    this.tell();
    return step;
  }

  /** Take back one step, the last one by default; false when there is none. */
  undo(step: Step | undefined = this.lastStep()): boolean {
    if (step === undefined || step.state === "undone" || step.state === "refused") return false;
    const { state } = step;
    step.state = "undone";
    this.steps = this.steps.filter((one) => one !== step);
    if (state === "waiting") this.drop(step);
    else this.enqueue(() => this.takeBack(step));
    this.tell();
    return true;
  }

  /** Take back a change by its number, whoever made it; presses of this page that it holds are taken back with it. */
  undoChange(id: number, title: string): Promise<void> {
    const own = this.steps.filter((step) => step.change?.id === id);
    for (const step of own) step.state = "undone";
    this.steps = this.steps.filter((step) => !own.includes(step));
    const images = own.flatMap((step) => step.images);
    const step: Step = { title, images, operation: null, state: "undone", change: own[0]?.change ?? { id, steps: [] } };
    return new Promise((resolve) => this.enqueue(() => this.takeBack(step).finally(resolve)));
  }

  isSafe(): boolean {
    return this.queue.length === 0 && !this.working;
  }

  private lastStep(): Step | undefined {
    return this.steps.at(-1);
  }

  private show({ images, operation }: Step): void {
    if (operation === null) return;
    for (const id of images) {
      const row = this.shown.get(id);
      if (row === undefined) continue;
      const labels = labeled(row.whole_labels, operation, this.options.multi);
      const handedIn = operation.submit && labels.length > 0 && row.state === "unlabeled" ? { state: "submitted" as const } : {};
      this.shown.change(id, { whole_labels: labels, labels: labels.map(({ label }) => label), ...handedIn });
    }
  }

  /** Not sent yet: show the images as they are without it. */
  private drop(step: Step): void {
    this.queue = this.queue.filter((one) => one !== step);
    this.showAgain(step.images);
  }

  /** Show what the server knows, and over it what still waits. */
  private showAgain(images: readonly number[]): void {
    this.shown.revert(images);
    const concerned = new Set(images);
    for (const one of this.steps) {
      const waits = one.state === "waiting" || one.state === "sending";
      if (waits && one.images.some((id) => concerned.has(id))) this.show({ ...one, images: one.images.filter((id) => concerned.has(id)) });
    }
    this.shown.settle(images.filter((id) => !this.isAhead(id)));
  }

  private isAhead(id: number): boolean {
    return this.steps.some((step) => (step.state === "waiting" || step.state === "sending") && step.images.includes(id));
  }

  private enqueue(work: Step | (() => Promise<void>)): void {
    this.queue.push(work);
    this.tell();
    if (!this.working) void this.work();
  }

  private async work(): Promise<void> {
    this.working = true;
    try {
      for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) await (typeof next === "function" ? next() : this.send(this.withAlike(next)));
    } finally {
      this.working = false;
      this.tell();
    }
  }

  /** The step and those right behind it that say the same of other images. */
  private withAlike(first: Step): Step[] {
    const batch = [first];
    const images = new Set(first.images);
    for (let next = this.queue[0]; next !== undefined && typeof next !== "function"; next = this.queue[0]) {
      const { operation, images: more } = next;
      const alike = operation !== null && first.operation !== null && sameOperation(operation, first.operation) && more.every((id) => !images.has(id));
      if (!alike || images.size + more.length > MOST_AT_ONCE) break;
      for (const id of more) images.add(id);
      batch.push(next);
      this.queue.shift();
    }
    return batch;
  }

  private async send(steps: readonly Step[]): Promise<void> {
    const images = steps.flatMap((step) => step.images);
    const operation = steps[0]?.operation;
    if (operation === null || operation === undefined) return;
    for (const step of steps) step.state = "sending";
    try {
      const id = await this.wire.label(images, operation);
      const change = { id, steps: [...steps] };
      for (const step of steps) {
        if (step.state === "sending") step.state = "saved";
        step.change = change;
      }
      this.settled(images);
    } catch (error) {
      this.refuse(steps, error);
    }
  }

  private settled(images: readonly number[]): void {
    this.shown.settle(images.filter((id) => !this.isAhead(id)));
    this.options.onSaved();
  }

  private refuse(steps: readonly Step[], error: unknown): void {
    for (const step of steps) step.state = "refused";
    this.steps = this.steps.filter((step) => !steps.includes(step));
    this.showAgain(steps.flatMap((step) => step.images));
    const [first] = steps;
    if (first !== undefined) this.options.onRefused(messageOf(error), first);
  }

  /** Undo on the server. The other presses of a shared change are made again, for they were not meant. */
  private async takeBack(step: Step): Promise<void> {
    const { change } = step;
    if (change === null) return;
    try {
      await this.wire.undo(change.id);
    } catch (error) {
      this.refuse([step], error);
      return;
    }
    this.shown.settle(step.images);
    const others = change.steps.filter((one) => one !== step && one.state === "saved");
    this.options.onSaved();
    if (others.length > 0) await this.send(others);
  }

  private tell(): void {
    const unsaved = this.steps.filter((step) => step.state === "waiting" || step.state === "sending").reduce((sum, step) => sum + step.images.length, 0);
    this.store.setState({ unsaved, undoes: this.lastStep()?.title ?? null });
  }
}
