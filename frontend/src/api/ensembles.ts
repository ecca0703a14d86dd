import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "./client";

/** A member of an ensemble and how much it counts. */
export interface Vote {
  readonly model: number;
  readonly weight: number;
}

const keyOf = (campaign: number, model: number) => ["campaigns", campaign, "ensembles", model];
const at = (campaign_id: number, model_id: number) => ({ params: { path: { campaign_id, model_id } } });

/** Who votes in an ensemble. */
export function useEnsemble(campaign: number, model: number) {
  return useQuery({ queryKey: keyOf(campaign, model), queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/ensembles/{model_id}", { ...at(campaign, model), signal })) });
}

/** Make a model of models. */
export function useMakeEnsemble(campaign_id: number) {
  const client = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: ({ name, members }: { name: string; members: Vote[] }) => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/ensembles", { params: { path: { campaign_id } }, body: { name, members, overlap: 0.55 } })),
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: ["campaigns", campaign_id] }), client.invalidateQueries({ queryKey: ["models"] })]),
  });
}

/** Give it other weights; its version counts on. */
export function useChangeEnsemble(campaign: number, model: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ members, overlap }: { members: Vote[]; overlap: number }) => bodyOf(api.PUT("/api/v1/campaigns/{campaign_id}/ensembles/{model_id}", { ...at(campaign, model), body: { members, overlap } })),
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: ["campaigns", campaign] }), client.invalidateQueries({ queryKey: ["models"] })]),
  });
}
