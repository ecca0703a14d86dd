/** The models that a campaign uses, asked for once a page by everything on it. */
import { api, bodyOf } from "@/api/client";
import type { CampaignModel } from "@/api/types";

export class AttachedModels {
  private answer: Promise<readonly CampaignModel[]> | null = null;

  constructor(private readonly campaign: number) {}

  list(): Promise<readonly CampaignModel[]> {
    this.answer ??= bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/models", { params: { path: { campaign_id: this.campaign } } }));
    // A failure is no answer: the next image asks again.
    this.answer.catch(() => (this.answer = null));
    return this.answer;
  }
}
