import { useRounds } from "@/api/learning";
import { useCampaignModels } from "@/api/models";
import { useRuns } from "@/api/runs";
import type { Campaign } from "@/api/types";
import { askable, labeled, waiting } from "@/parts/counts";
import type { Facts } from "./nextStep";

/** Gather what the strip needs; null until every part is known. */
export function useFacts(campaign: Campaign): Facts | null {
  const models = useCampaignModels(campaign.id);
  const rounds = useRounds(campaign.id);
  const inference = useRuns({ campaign: campaign.id, kind: "inference" });
  if (models.data === undefined || rounds.data === undefined || inference.data === undefined) return null;
  const open = rounds.data.find((round) => round.state === "open");
    return {
    images: askable(campaign.counts),
    unlabeled: waiting(campaign.counts),
    labeled: labeled(campaign.counts),
    labels: campaign.labels.length,
    attached: models.data.length,
    mapped: models.data.some((one) => one.mapping.some((row) => row.label !== null)),
    prefilled: inference.data.some((run) => run.state === "succeeded" || run.progress.done > 0),
    trained: models.data.some((one) => one.model.kind === "internal"),
    rounds: rounds.data.length,
    asked: open === undefined ? null : Math.max(0, open.progress.asked - open.progress.labeled),
  };
}
