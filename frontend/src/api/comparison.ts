import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "./client";
import type { Images } from "./gallery";
import { useRuns } from "./runs";

/** What is compared: models, on which images, and whether they are asked about those without an answer first. */
export interface Comparing {
  models: number[];
  images: Images;
  overlap: number;
  ask: boolean;
}

/** Runs that compare models of a campaign, the newest first. */
export function useComparisonRuns(campaign: number) {
  return useRuns({ campaign, kind: "comparison" });
}

/** What a comparison found; it never changes once its run has succeeded. */
export function useComparison(campaign_id: number, run_id: number | null, ready: boolean) {
  return useQuery({
    queryKey: ["campaigns", campaign_id, "model-comparisons", run_id],
    enabled: run_id !== null && ready,
    staleTime: Infinity,
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/model-comparisons/{run_id}", { params: { path: { campaign_id, run_id: run_id ?? 0 } }, signal })),
  });
}

export function useStartComparison(campaign_id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Comparing) => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/model-comparisons", { params: { path: { campaign_id } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["runs"] }),
  });
}
