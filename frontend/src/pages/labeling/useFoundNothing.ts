import { useCampaignModels } from "@/api/models";
import { modelTitle } from "@/parts/modelTitle";
import { useLabeling } from "./LabelingContext";
import { usePredictions } from "./usePredictions";
import type { Workspace } from "./workspace";

/** The models that looked at the image and found nothing; asked for only where nothing is shown, and where a campaign has models. */
export function useFoundNothing(workspace: Workspace, isEmpty: boolean): readonly string[] {
  const { withheld } = workspace;
  const { campaign } = useLabeling();
  const models = useCampaignModels(campaign.id, isEmpty);
  const draws = models.data?.some(({ model }) => model.kind !== "promptable") ?? false;
  const predictions = usePredictions(workspace, isEmpty && draws && !withheld);
  return isEmpty && !withheld ? (predictions.data ?? []).filter(({ items }) => items.length === 0).map(({ model }) => modelTitle(model)) : [];
}
