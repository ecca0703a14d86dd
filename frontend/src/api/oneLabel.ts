import { useQuery } from "@tanstack/react-query";
import { api, bodyOf } from "./client";

/** What a label could be learned from: images that have it, images that lack it. */
export function useOneLabel(campaign_id: number, label_id: number | null) {
  return useQuery({
    queryKey: ["campaigns", campaign_id, "one-label", label_id],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/one-label/{label_id}", { params: { path: { campaign_id, label_id: label_id ?? 0 } }, signal })),
    enabled: label_id !== null,
    staleTime: 0,
  });
}

/** Where a model of one label found it, the likeliest first. */
export function useFound(campaign_id: number, model: number, enabled: boolean) {
  return useQuery({
    queryKey: ["campaigns", campaign_id, "found", model, enabled],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/models/{model_id}/found", { params: { path: { campaign_id, model_id: model } }, signal })),
    enabled,
    staleTime: 0,
  });
}
