import { useQuery } from "@tanstack/react-query";
import { useCampaignModels } from "@/api/models";
import { modelTitle } from "@/parts/modelTitle";
import { useLabeling } from "./LabelingContext";
import { predictionsOf } from "./wire";
import type { Workspace } from "./workspace";

/** The models that looked at the image and found nothing; asked for only where nothing is shown, and where a campaign has models. */
export function useFoundNothing({ image, withheld }: Workspace, isEmpty: boolean): readonly string[] {
  const { campaign } = useLabeling();
  const models = useCampaignModels(campaign.id, isEmpty);
  const draws = models.data?.some(({ model }) => model.kind !== "promptable") ?? false;
  const predictions = useQuery({
    queryKey: ["images", image.id, "predictions"],
    queryFn: ({ signal }) => predictionsOf(image.id, signal),
    enabled: isEmpty && draws && !withheld,
    staleTime: 60_000,
  });
  return isEmpty && !withheld ? (predictions.data ?? []).filter(({ items }) => items.length === 0).map(({ model }) => modelTitle(model)) : [];
}
