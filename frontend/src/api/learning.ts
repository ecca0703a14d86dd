import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { listOf } from "./auth";
import { getJson, sendJson } from "./http";
import { useCursorList } from "./pages";
import type { CurvePoint, Evaluation, Page, RankedImage, Round, Run, Strategy, TrainingRun } from "./types";

export interface TrainingForm {
  name: string;
  method: "fast_head" | "fine_tune";
  size: "small" | "medium" | "large";
  minutes: number;
  patience: number;
  validation: number;
  learning_rate?: number;
  seed: number;
  start_from?: number;
}

export function useTrainingRuns(campaign: number, going: boolean) {
  return useQuery({
    queryKey: ["campaigns", campaign, "training-runs"],
    queryFn: async () => listOf(await getJson<Page<TrainingRun> | TrainingRun[]>(`/campaigns/${campaign}/training-runs`)),
    refetchInterval: going ? 2000 : false,
  });
}

export function useCurves(trainingRun: number | null, going: boolean) {
  return useQuery({
    queryKey: ["training-runs", trainingRun, "curves"],
    queryFn: async () => listOf(await getJson<Page<CurvePoint> | CurvePoint[]>(`/training-runs/${trainingRun}/curves`)),
    enabled: trainingRun !== null,
    refetchInterval: going ? 1000 : false,
  });
}

export function useStartTraining(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (form: Partial<TrainingForm>) => sendJson<Run>("POST", `/campaigns/${campaign}/training-runs`, form),
    onSuccess: () =>
      Promise.all([client.invalidateQueries({ queryKey: ["runs"] }), client.invalidateQueries({ queryKey: ["campaigns", campaign, "training-runs"] })]),
  });
}

export function useStrategies() {
  return useQuery({ queryKey: ["strategies"], staleTime: Infinity, queryFn: async () => listOf(await getJson<Page<Strategy> | Strategy[]>("/strategies")) });
}

export function useRounds(campaign: number) {
  return useQuery({
    queryKey: ["campaigns", campaign, "rounds"],
    queryFn: async () => listOf(await getJson<Page<Round> | Round[]>(`/campaigns/${campaign}/rounds`)),
    refetchInterval: (query) => (query.state.data?.some((round) => round.state === "ranking") === true ? 2000 : false),
  });
}

export function useStartRound(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { strategy: string; size: number; seed?: number; model?: number; train?: boolean }) =>
      sendJson<Round>("POST", `/campaigns/${campaign}/rounds`, body),
    onSuccess: () =>
      Promise.all([client.invalidateQueries({ queryKey: ["runs"] }), client.invalidateQueries({ queryKey: ["campaigns", campaign, "rounds"] })]),
  });
}

export function useRanking(campaign: number, round: number) {
  return useCursorList<RankedImage>(["campaigns", campaign, "rounds", round, "ranking"], `/campaigns/${campaign}/rounds/${round}/ranking`, { page_size: 20 });
}

export function useEvaluations(campaign: number) {
  return useQuery({
    queryKey: ["campaigns", campaign, "evaluations"],
    queryFn: async () => listOf(await getJson<Page<Evaluation> | Evaluation[]>(`/campaigns/${campaign}/evaluations`)),
  });
}

export function useStartExport(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { format: string; filter?: Record<string, unknown> }) => sendJson<Run>("POST", `/campaigns/${campaign}/exports`, body),
    onSuccess: () => client.invalidateQueries({ queryKey: ["runs"] }),
  });
}
