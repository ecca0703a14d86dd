/** Models that are asked about an image when a person opens it, or shortly before. */
import { api, bodyOf } from "@/api/client";
import { messageOf } from "@/api/problems";
import type { AttachedModels } from "./attached-models";
import { openSet } from "./wire";
import type { Workspace } from "./workspace";

/** Those whose drafts a campaign wants at once. */
export class OnOpenModels {
  constructor(private readonly models: AttachedModels) {}

  /** Ask about an image; its drafts come up by themselves while nobody has touched it. Nothing waits for this. */
  async ask(workspace: Workspace): Promise<void> {
    try {
      if (!(await this.models.list()).some(({ on_open }) => on_open) || !workspace.takesDrafts()) return;
      workspace.store.setState({ asking: "asking", askedReason: "" });
      const told = await bodyOf(api.POST("/api/v1/images/{image_id}/predict", { params: { path: { image_id: workspace.image.id } }, body: {} }));
      if (told.some(({ fresh }) => fresh) && workspace.takesDrafts()) workspace.takeUp(await openSet(workspace.image.id));
      const failed = told.find(({ code }) => code !== "");
      workspace.store.setState(failed ? { asking: "failed", askedReason: `${failed.model.name}: ${failed.reason}` } : { asking: "" });
    } catch (error) {
      workspace.store.setState({ asking: "failed", askedReason: messageOf(error) });
    }
  }
}
