/** Smart labeling's way to the server, for one image. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { api, bodyOf, done } from "@/api/client";
import type { components } from "@/api/schema";
import type { RegisteredModel } from "@/api/types";
import { IDLE, type AssistAnswer, type Assistant, type AssistRequest, type AssistStatus } from "@/core/assistant";
import { clamp } from "@/core/geometry";
import type { Bounds, Shape } from "@/core/types";
import type { AttachedModels } from "./attached-models";
import { bandChoiceOf, tileQuery } from "./pictures";
import type { PreferenceStore } from "./preferences";
import { bandStatistics, type BandStatistics, type ImageFacts } from "./wire";

type Body = components["schemas"]["AssistRequest"];
type Style = components["schemas"]["StyleRequest"];

/** Whether a model answers marks: a segmenter of ours, or one at an address whose options say so. */
export function answersMarks({ kind, options }: Pick<RegisteredModel, "kind" | "options">): boolean {
  const extra = options?.extra;
  return kind === "promptable" || (kind === "external" && typeof extra === "object" && extra !== null && "interactive" in extra && extra.interactive === true);
}

export interface AssistantParts {
  readonly image: ImageFacts;
  readonly models: AttachedModels;
  readonly preferences: PreferenceStore;
  /** The part in sight, or null when another image is on the canvas. */
  readonly sight: () => Bounds | null;
}

export class ServerAssistant implements Assistant {
  readonly status: StoreApi<AssistStatus> = createStore<AssistStatus>(() => IDLE);
  private statistics: readonly BandStatistics[] | null = null;

  constructor(private readonly parts: AssistantParts) {}

  async learn(): Promise<void> {
    if (this.status.getState().models !== null) return;
    const attached = await this.parts.models.list();
    this.status.setState({ models: attached.filter(({ model }) => answersMarks(model)).map(({ model }) => ({ id: model.id, name: model.name })) });
  }

  async extract(request: AssistRequest, signal: AbortSignal): Promise<AssistAnswer> {
    const { shape, polygon, confidence, took_ms } = await bodyOf(this.send({ ...request, ...(await this.style(signal)) }, signal));
    return { shape: shape as unknown as Shape, ...(request.polygon ? { polygon: polygon as unknown as Shape } : {}), confidence, took_ms };
  }

  async prepare(model: number | null, roi: Bounds, signal: AbortSignal): Promise<void> {
    const tool = model === null ? ({ tool: "grabcut" } as const) : ({ tool: "model", model } as const);
    await done(this.send({ ...tool, roi, prepare: true, ...(await this.style(signal)) }, signal));
  }

  inSight(): Bounds {
    const { width, height } = this.parts.image;
    const [x0, y0, x1, y1] = this.parts.sight() ?? [0, 0, width, height];
    return [clamp(x0, 0, width - 1), clamp(y0, 0, height - 1), clamp(x1, 1, width), clamp(y1, 1, height)];
  }

  private send(body: Omit<AssistRequest, "mask" | "prompts" | "polygon" | "tool"> & Record<string, unknown>, signal: AbortSignal) {
    const params = { path: { image_id: this.parts.image.id } };
    return api.POST("/api/v1/images/{image_id}/assist", { params, body: body as unknown as Body, signal });
  }

  /** How the image is shown: outlines are found in what the person sees. */
  private async style(signal: AbortSignal): Promise<{ readonly style?: Style }> {
    const { image, preferences } = this.parts;
    if (!image.tiled) return {};
    const choice = bandChoiceOf(image, preferences.getState());
    if (choice.stretch !== "auto") this.statistics ??= await bandStatistics(image.id, signal);
    const query = tileQuery(image, choice, this.statistics);
    const numbers = (name: string): number[] | undefined => query[name]?.split(",").map(Number);
    const [bands, min, max, gamma] = [numbers("bands"), numbers("min"), numbers("max"), numbers("gamma")?.[0]];
    return { style: { ...(bands && { bands }), ...(min && { min }), ...(max && { max }), ...(gamma !== undefined && { gamma }) } };
  }
}
