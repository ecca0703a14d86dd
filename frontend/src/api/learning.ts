import type { Images } from "./gallery";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "./client";
import { apiFetch, apiUrl } from "./http";
import { useCursorList } from "./pages";
import type { ExportFormat, NewRound, TrainingForm } from "./types";

const MOST_LISTED = 200;
const RANKED_A_PAGE = 20;
const at = (campaign_id: number) => ({ path: { campaign_id } });

export function useTrainingRuns(campaign: number, going: boolean) {
  return useQuery({
    queryKey: ["campaigns", campaign, "training-runs"],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/training-runs", { params: at(campaign), signal })).then((page) => page.results),
    refetchInterval: going ? 2000 : false,
  });
}

export function useCurves(run_id: number, going: boolean) {
  return useQuery({
    queryKey: ["training-runs", run_id, "curves", going],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/training-runs/{run_id}/curves", { params: { path: { run_id } }, signal })),
    placeholderData: (before) => before,
    refetchInterval: going ? 1000 : false,
  });
}

export function useStartTraining(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: TrainingForm) => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/training-runs", { params: at(campaign), body })),
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: ["runs"] }), client.invalidateQueries({ queryKey: ["campaigns", campaign, "training-runs"] })]),
  });
}

/** What the trainings of a campaign heed, by method. */
export function useTrainingWishes(campaign: number) {
  return useQuery({
    queryKey: ["campaigns", campaign, "training-wishes"],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/training-wishes", { params: at(campaign), signal })),
  });
}

/** Send a file of weights that a training is to set out from; the answer names it. */
export function useUploadStartWeights(campaign: number) {
  return useMutation({
    meta: { quiet: true },
    mutationFn: async (file: File): Promise<{ weights: string }> => {
      const form = new FormData();
      form.append("file", file);
      const answer = await apiFetch(apiUrl(`/campaigns/${campaign}/training-weights`), { method: "POST", body: form });
      return (await answer.json()) as { weights: string };
    },
  });
}

/** What a training would be, before it begins; ``body``: the form as JSON text; ``since``: what changes the answer besides. */
export function useTrainingEstimate(campaign: number, body: string, since: { labeled: number; going: boolean; known: boolean }) {
  return useQuery({
    queryKey: ["campaigns", campaign, "training-estimate", since, body],
    queryFn: ({ signal }) => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/training-runs/estimate", { params: at(campaign), body: JSON.parse(body) as TrainingForm, signal })),
    enabled: since.known && since.labeled > 0,
    placeholderData: (before) => before,
    retry: false,
  });
}

/** End a training now and keep its best epoch as a model. */
export function useStopTraining(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (run_id: number) => bodyOf(api.POST("/api/v1/training-runs/{run_id}/stop", { params: { path: { run_id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["campaigns", campaign, "training-runs"] }),
  });
}

/** The model that rounds go by, and those that were it before. */
export function useCurrentModel(campaign: number) {
  return useQuery({ queryKey: ["campaigns", campaign, "current-model"], queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/current-model", { params: at(campaign), signal })) });
}

/** Where a model comes from: its checkpoints, what they learned from, and their relatives. */
export function useCheckpoints(model: number) {
  return useQuery({ queryKey: ["models", model, "checkpoints"], queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/models/{model_id}/checkpoints", { params: { path: { model_id: model } }, signal })) });
}

/** Promote a model, go back to the one before, or choose which checkpoint a model answers with. */
export function useModelOfCampaign(campaign: number) {
  const client = useQueryClient();
  const fresh = () => Promise.all([client.invalidateQueries({ queryKey: ["campaigns", campaign] }), client.invalidateQueries({ queryKey: ["models"] })]);
  return {
    promote: useMutation({ mutationFn: (model: number) => bodyOf(api.PUT("/api/v1/campaigns/{campaign_id}/current-model", { params: at(campaign), body: { model } })), onSuccess: fresh }),
    rollBack: useMutation({ mutationFn: () => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/current-model/roll-back", { params: at(campaign) })), onSuccess: fresh }),
    answerWith: useMutation({
      mutationFn: ({ model, role }: { model: number; role: "best" | "last" }) =>
        bodyOf(api.PUT("/api/v1/campaigns/{campaign_id}/models/{model_id}/checkpoint", { params: { path: { campaign_id: campaign, model_id: model } }, body: { role } })),
      onSuccess: fresh,
    }),
  };
}

export function useStrategies() {
  return useQuery({ queryKey: ["strategies"], staleTime: Infinity, queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/strategies", { signal })) });
}

/** Those that suit a campaign's task; the default is that of the campaign as it stands now. */
export function useStrategiesOf(campaign: number) {
  return useQuery({ queryKey: ["campaigns", campaign, "strategies"], queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/strategies", { params: { query: { campaign } }, signal })) });
}

export function useRounds(campaign: number) {
  return useQuery({
    queryKey: ["campaigns", campaign, "rounds"],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/rounds", { params: { ...at(campaign), query: { page_size: MOST_LISTED } }, signal })).then((page) => page.results),
    refetchInterval: (query) => (query.state.data?.some((round) => round.state === "ranking") === true ? 2000 : false),
  });
}

/** What the page says of a round; the rest has defaults of the server. */
export type RoundForm = Pick<NewRound, "size"> & Partial<Pick<NewRound, "strategy" | "model" | "seed" | "train" | "cost_aware" | "balanced" | "no_twins" | "unsure" | "areas" | "superpixels">>;

export function useStartRound(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    // The schema lists what has a default as required, as answers do; a request may leave it out.
    mutationFn: (body: RoundForm) => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/rounds", { params: at(campaign), body: body as NewRound })),
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: ["runs"] }), client.invalidateQueries({ queryKey: ["campaigns", campaign, "rounds"] })]),
  });
}

export function useRanking(campaign_id: number, number: number) {
  return useCursorList(["campaigns", campaign_id, "rounds", number, "ranking"], (cursor, signal) =>
    bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/rounds/{number}/ranking", { params: { path: { campaign_id, number }, query: { cursor, page_size: RANKED_A_PAGE } }, signal })),
  );
}

export function useEvaluations(campaign: number) {
  return useQuery({
    queryKey: ["campaigns", campaign, "evaluations"],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/evaluations", { params: { ...at(campaign), query: { page_size: MOST_LISTED } }, signal })).then((page) => page.results),
  });
}

export function useStartExport(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { format: ExportFormat; filter?: Record<string, unknown>; images?: Images; ignore_below?: number }) => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/exports", { params: at(campaign), body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["runs"] }),
  });
}
