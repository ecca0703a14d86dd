/** Smart labeling as a mode sees it: marks in, an outline out. The page puts the server behind it; modes know no network. */
import type { StoreApi } from "zustand/vanilla";
import type { Bounds, Point, Shape } from "./types";

export interface PromptPoint {
  readonly x: number;
  readonly y: number;
  readonly positive: boolean;
}

export interface Prompts {
  readonly box?: Bounds;
  readonly points: readonly PromptPoint[];
  readonly foreground: readonly (readonly Point[])[];
  readonly background: readonly (readonly Point[])[];
  /** How wide the strokes are. */
  readonly brush_px: number;
}

export interface AssistRequest {
  /** GrabCut for anyone, or the promptable model of this number. */
  readonly tool: "grabcut" | "model";
  readonly model?: number;
  /** The part of the image that is looked at. */
  readonly roi: Bounds;
  readonly prompts: Prompts;
  /** The last answer, to go on from. */
  readonly mask?: Shape;
  readonly polygon: boolean;
}

export interface AssistAnswer {
  readonly shape: Shape;
  readonly polygon?: Shape;
  /** Null where the model says none. */
  readonly confidence: number | null;
  readonly took_ms: number;
}

/** A model that answers marks: a segmenter of ours, or one at an address. */
export interface PromptableModel {
  readonly id: number;
  readonly name: string;
}

/** What the panel of the tool shows; the mode writes it. */
export interface AssistStatus {
  /** Null until the server has told. */
  readonly models: readonly PromptableModel[] | null;
  readonly busy: boolean;
  readonly confidence: number | null;
  readonly took_ms: number | null;
  /** Whether there is an outline that Done would keep. */
  readonly ready: boolean;
}

export const IDLE: AssistStatus = { models: null, busy: false, confidence: null, took_ms: null, ready: false };

export interface Assistant {
  readonly status: StoreApi<AssistStatus>;
  /** Ask which promptable models the campaign uses; once, however often it is called. */
  learn(): Promise<void>;
  extract(request: AssistRequest, signal: AbortSignal): Promise<AssistAnswer>;
  /** Let a model look at a part of the image, so that the first click is answered at once. */
  prepare(model: number | null, roi: Bounds, signal: AbortSignal): Promise<void>;
  /** The part of the image that is in sight. */
  inSight(): Bounds;
}
