/** Pictures on their way to a model and back: two at a time, in their order. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { messageOf } from "@/api/problems";
import type { Predicted } from "./results";

export interface Picture {
  readonly key: number;
  readonly file: File;
  /** An address of the browser's own; empty for what it cannot show. */
  readonly preview: string;
  readonly state: "waiting" | "asking" | "answered" | "failed";
  readonly answer: Predicted | null;
  readonly problem: string;
}

export type Ask = (file: File, signal: AbortSignal) => Promise<Predicted>;

const AT_ONCE = 2;
const SHOWN = /^image\/(jpeg|png|webp|gif|bmp)$/;

export class PictureQueue {
  readonly store: StoreApi<{ readonly pictures: readonly Picture[] }> = createStore(() => ({ pictures: [] }));
  private next = 1;
  private asking = 0;
  private ended = new AbortController();

  constructor(private ask: Ask) {}

  add(files: readonly File[]): void {
    const fresh = files.map((file): Picture => ({ key: this.next++, file, preview: SHOWN.test(file.type) ? URL.createObjectURL(file) : "", state: file.size === 0 ? "failed" : "waiting", answer: null, problem: "" }));
    this.store.setState(({ pictures }) => ({ pictures: [...pictures, ...fresh] }));
    this.pump();
  }

  /** Ask again about all pictures, of another model or checkpoint. */
  askOf(ask: Ask): void {
    this.ended.abort();
    this.ended = new AbortController();
    this.asking = 0;
    this.ask = ask;
    this.store.setState(({ pictures }) => ({ pictures: pictures.map((one) => (one.file.size === 0 ? one : { ...one, state: "waiting", answer: null, problem: "" })) }));
    this.pump();
  }

  again(key: number): void {
    this.change(key, { state: "waiting", problem: "" });
    this.pump();
  }

  clear(): void {
    this.ended.abort();
    this.ended = new AbortController();
    this.asking = 0;
    for (const { preview } of this.store.getState().pictures) if (preview) URL.revokeObjectURL(preview);
    this.store.setState({ pictures: [] });
  }

  private change(key: number, change: Partial<Picture>): void {
    this.store.setState(({ pictures }) => ({ pictures: pictures.map((one) => (one.key === key ? { ...one, ...change } : one)) }));
  }

  private pump(): void {
    while (this.asking < AT_ONCE) {
      const picture = this.store.getState().pictures.find(({ state }) => state === "waiting");
      if (!picture) return;
      this.asking += 1;
      this.change(picture.key, { state: "asking" });
      void this.carry(picture, this.ended.signal);
    }
  }

  private async carry({ key, file }: Picture, signal: AbortSignal): Promise<void> {
    let change: Partial<Picture>;
    try {
      change = { state: "answered", answer: await this.ask(file, signal) };
    } catch (error) {
      change = { state: "failed", problem: messageOf(error) };
    }
    if (signal.aborted) return; // another model is asked by now
    this.asking -= 1;
    this.change(key, change);
    this.pump();
  }
}
