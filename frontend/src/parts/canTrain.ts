import type { Campaign } from "@/api/types";

/** Whether models for a campaign can be trained here. */
export function canTrain(campaign: Pick<Campaign, "task" | "settings">): boolean {
  return campaign.task !== "segmentation" || campaign.settings.segmentation === "instance";
}
