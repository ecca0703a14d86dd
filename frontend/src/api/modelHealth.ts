import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "./client";
import { useCursorList } from "./pages";
import type { ProbeQuestion } from "./types";

const LOOK_AGAIN_MS = 60_000;
const at = (model_id: number) => ({ params: { path: { model_id } } });

/** Ask an address what it speaks; nothing is stored. */
export function useProbe() {
  return useMutation({ meta: { quiet: true }, mutationFn: (body: ProbeQuestion) => bodyOf(api.POST("/api/v1/models/probe", { body })) });
}

/** How all models are, by id. */
export function useModelsHealth() {
  return useQuery({
    queryKey: ["models", "health"],
    refetchInterval: LOOK_AGAIN_MS,
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/models/health", { signal })).then((all) => new Map(all.map((one) => [one.model, one]))),
  });
}

export function useModelHealth(id: number) {
  return useQuery({
    queryKey: ["models", id, "health"],
    refetchInterval: LOOK_AGAIN_MS,
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/models/{model_id}/health", { ...at(id), signal })),
  });
}

export function useCheckHealth(id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => bodyOf(api.POST("/api/v1/models/{model_id}/health", at(id))),
    onSuccess: (health) => {
      client.setQueryData(["models", id, "health"], health);
      void client.invalidateQueries({ queryKey: ["models", "health"] });
    },
  });
}

/** What a model's answers in a campaign fall on. */
export function useCoverage(campaign_id: number, model_id: number, fresh: unknown) {
  return useQuery({
    queryKey: ["campaigns", campaign_id, "models", model_id, "coverage", fresh],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/models/{model_id}/coverage", { params: { path: { campaign_id, model_id } }, signal })),
  });
}

/** Who did what to models, the newest first. */
export function useAudit(enabled: boolean) {
  return useCursorList(
    ["audit"],
    (cursor, signal) => bodyOf(api.GET("/api/v1/audit", { params: { query: { page_size: 25, ...(cursor === undefined ? {} : { cursor }) } }, signal })),
    { enabled },
  );
}
