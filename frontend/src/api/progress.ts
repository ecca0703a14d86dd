import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type Answer, api, bodyOf } from "./client";
import { isFinished } from "./runs";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type RoundPlan = Answer<Schemas["RoundPlanState"]>;
export type NewRoundPlan = Schemas["RoundPlanRequest"];
export type LearningCurve = Answer<Schemas["LearningCurve"]>;
export type Advice = Answer<Schemas["Advice"]>;
export type Why = Answer<Schemas["Why"]>;
export type Neighbour = Answer<Schemas["Neighbour"]>;
export type Simulation = Answer<Schemas["Simulation"]>;
export type SimulatedStrategy = Answer<Schemas["SimulatedStrategy"]>;
export type NewSimulation = Schemas["NewSimulationRequest"];

const FRESH_MS = 5000;
const at = (campaign_id: number) => ({ path: { campaign_id } });

export function useRoundPlan(campaign: number) {
  return useQuery({
    queryKey: ["campaigns", campaign, "round-plan"],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/round-plan", { params: at(campaign), signal })),
    refetchInterval: (query) => (query.state.data !== undefined && query.state.data.every > 0 ? FRESH_MS : false),
  });
}

export function useSetRoundPlan(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewRoundPlan) => bodyOf(api.PUT("/api/v1/campaigns/{campaign_id}/round-plan", { params: at(campaign), body })),
    onSuccess: (plan) => client.setQueryData(["campaigns", campaign, "round-plan"], plan),
  });
}

export function useLearningCurve(campaign: number) {
  return useQuery({
    queryKey: ["campaigns", campaign, "learning-curve"],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/learning-curve", { params: at(campaign), signal })),
  });
}

/** Why an image is asked; read when somebody wants to know. */
export function useWhy(image_id: number, enabled: boolean) {
  return useQuery({
    queryKey: ["images", image_id, "why"],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/images/{image_id}/why", { params: { path: { image_id } }, signal })),
    enabled,
    staleTime: FRESH_MS,
  });
}

export function useSimulations(campaign: number) {
  return useQuery({
    queryKey: ["campaigns", campaign, "simulations"],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/simulations", { params: at(campaign), signal })).then((page) => page.results),
    refetchInterval: (query) => (query.state.data?.some((one) => !isFinished(one.run)) === true ? 2000 : false),
  });
}

export function useStartSimulation(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewSimulation) => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/simulations", { params: at(campaign), body })),
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: ["runs"] }), client.invalidateQueries({ queryKey: ["campaigns", campaign, "simulations"] })]),
  });
}

/** The address of a simulation's curves as a table. */
export function simulationTable(run: number): string {
  return `/api/v1/simulations/${run}.csv`;
}
