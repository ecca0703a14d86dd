import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { listOf } from "./auth";
import { getJson, sendJson } from "./http";
import type { CampaignModel, Page, Protocol, RegisteredModel, Run, Task, ModelClass } from "./types";

export function useModels() {
  return useQuery({ queryKey: ["models"], queryFn: async () => listOf(await getJson<Page<RegisteredModel> | RegisteredModel[]>("/models")) });
}

export function useModel(id: number) {
  return useQuery({ queryKey: ["models", id], queryFn: ({ signal }) => getJson<RegisteredModel>(`/models/${id}`, {}, signal) });
}

export function useProtocols() {
  return useQuery({ queryKey: ["protocols"], staleTime: Infinity, queryFn: async () => listOf(await getJson<Page<Protocol> | Protocol[]>("/protocols")) });
}

export interface ModelFields {
  name: string;
  description: string;
  version: string;
  task: Task;
  multi_label: boolean;
  protocol: string;
  url: string;
  secret?: string;
  auth_header: string;
  classes: ModelClass[];
  options: Record<string, unknown>;
}

/** Create with no id, change with one. */
export function useSaveModel(id: number | null) {
  const client = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (fields: Partial<ModelFields>) =>
      id === null ? sendJson<RegisteredModel>("POST", "/models", fields) : sendJson<RegisteredModel>("PATCH", `/models/${id}`, fields),
    onSuccess: () => client.invalidateQueries({ queryKey: ["models"] }),
  });
}

export function useDeleteModel() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => sendJson<null>("DELETE", `/models/${id}`),
    onSuccess: () => client.invalidateQueries({ queryKey: ["models"] }),
  });
}

const attachedKey = (campaign: number) => ["campaigns", campaign, "models"] as const;

export function useCampaignModels(campaign: number) {
  return useQuery({
    queryKey: attachedKey(campaign),
    queryFn: async () => listOf(await getJson<Page<CampaignModel> | CampaignModel[]>(`/campaigns/${campaign}/models`)),
  });
}

export function useCampaignModelChanges(campaign: number) {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: attachedKey(campaign) });
  return {
    attach: useMutation({ mutationFn: (model: number) => sendJson<CampaignModel>("POST", `/campaigns/${campaign}/models`, { model }), onSuccess }),
    save: useMutation({
      mutationFn: ({ model, ...body }: { model: number; mapping: { class: number; label: number | null }[]; thresholds: Record<string, number> }) =>
        sendJson<CampaignModel>("PUT", `/campaigns/${campaign}/models/${model}`, body),
      onSuccess,
    }),
    detach: useMutation({ mutationFn: (model: number) => sendJson<null>("DELETE", `/campaigns/${campaign}/models/${model}`), onSuccess }),
  };
}

export function useStartInference(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { model: number; images: "all" | "unlabeled" | number[]; prefill: boolean }) =>
      sendJson<Run>("POST", `/campaigns/${campaign}/inference-runs`, body),
    onSuccess: () => client.invalidateQueries({ queryKey: ["runs"] }),
  });
}
