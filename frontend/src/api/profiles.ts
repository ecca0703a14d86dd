import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { campaignKey } from "./campaigns";
import { type Answer, api, bodyOf, done } from "./client";
import type { components } from "./schema";

export type ThresholdProfile = Answer<components["schemas"]["ThresholdProfile"]>;

const key = (campaign: number, model: number) => [...campaignKey(campaign), "threshold-profiles", model] as const;
const LIST = "/api/v1/campaigns/{campaign_id}/models/{model_id}/threshold-profiles";
const ONE = "/api/v1/campaigns/{campaign_id}/models/{model_id}/threshold-profiles/{profile_id}";

/** The thresholds of a model in a campaign that are kept under a name. */
export function useThresholdProfiles(campaign: number, model: number) {
  return useQuery({
    queryKey: key(campaign, model),
    queryFn: ({ signal }) => bodyOf(api.GET(LIST, { params: { path: { campaign_id: campaign, model_id: model } }, signal })),
  });
}

export function useProfileChanges(campaign: number, model: number) {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: key(campaign, model) });
  const path = { campaign_id: campaign, model_id: model };
  return {
    keep: useMutation({ mutationFn: (body: { name: string; thresholds: Record<string, number> }) => bodyOf(api.POST(LIST, { params: { path }, body })), onSuccess }),
    change: useMutation({
      mutationFn: ({ id, ...body }: { id: number; name?: string; thresholds?: Record<string, number> }) => bodyOf(api.PATCH(ONE, { params: { path: { ...path, profile_id: id } }, body })),
      onSuccess,
    }),
    remove: useMutation({ mutationFn: (id: number) => done(api.DELETE(ONE, { params: { path: { ...path, profile_id: id } } })), onSuccess }),
  };
}
