import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { campaignKey } from "./campaigns";
import { type Answer, api, bodyOf, done } from "./client";
import { apiUrl } from "./http";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Statistics = Answer<Schemas["ModelStatistics"]>;
export type LabelStatistics = Answer<Schemas["LabelStatistics"]>;
export type Figure = Answer<Schemas["Figure"]>;
export type Curve = Answer<Schemas["Curve"]>;
export type Curves = Answer<Schemas["Curves"]>;
export type Reliability = Answer<Schemas["Reliability"]>;
export type MeasuredImage = Answer<Schemas["MeasuredImage"]>;
export type JudgedObject = Answer<Schemas["JudgedObject"]>;
export type Verdict = Answer<Schemas["Verdict"]>;
export type StatisticsComparison = Answer<Schemas["StatisticsComparison"]>;
export type CountedSlice = Answer<Schemas["CountedSlice"]>;
export type Pictures = "small" | "original" | "none";
export type Aim = "f1" | "precision" | "recall";
export type Thresholds = Readonly<Record<string, number>>;

/** What is measured: a model of a campaign on a slice of its images. */
export interface Subject {
  readonly campaign: number;
  readonly model: number;
  /** train, validation, test, all, or a selection as JSON */
  readonly slice: string;
  /** From what overlap (IoU, or OKS of points) on an object is found. */
  readonly iou: number;
}

export interface ImagesQuestion {
  readonly outcome?: "all" | "correct" | "incorrect" | "above" | "below" | "unsure" | "decided";
  readonly true?: number;
  readonly said?: number;
  readonly label?: number;
  /** Spans to try, as JSON; without them those that are saved. */
  readonly spans?: string;
  readonly order?: "id" | "loss" | "-loss" | "uncertainty" | "-uncertainty" | "confidence" | "-confidence";
}

const at = ({ campaign, model }: Pick<Subject, "campaign" | "model">) => ({ path: { campaign_id: campaign, model_id: model } });
const key = ({ campaign, model, slice, iou }: Subject) => [...campaignKey(campaign), "statistics", model, slice, iou] as const;
const asked = ({ slice, iou }: Subject) => ({ slice, iou });
const written = (thresholds: Thresholds | null) => (thresholds === null ? {} : { thresholds: JSON.stringify(thresholds) });

export function useStatistics(subject: Subject, thresholds: Thresholds | null) {
  return useQuery<Statistics>({
    queryKey: [...key(subject), "figures", thresholds],
    placeholderData: (before, query) => (query?.queryKey[3] === subject.model && query.queryKey[4] === subject.slice ? before : undefined),
    queryFn: ({ signal }) =>
      bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/models/{model_id}/statistics", { params: { ...at(subject), query: { ...asked(subject), ...written(thresholds) } }, signal })),
  });
}

/** How many images of each slice there are, and how many are measured. */
export function useCountedSlices(campaign: number, model: number | undefined) {
  return useQuery({
    queryKey: [...campaignKey(campaign), "statistics", model, "slices"],
    enabled: model !== undefined,
    queryFn: async ({ signal }) => (await bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/models/{model_id}/statistics/slices", { params: at({ campaign, model: model ?? 0 }), signal }))).slices,
  });
}

export function fetchStatisticsCurves(subject: Subject, signal?: AbortSignal): Promise<Curves> {
  const parameters = { params: { ...at(subject), query: asked(subject) } };
  return bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/models/{model_id}/statistics/curves", signal === undefined ? parameters : { ...parameters, signal }));
}

export const curvesQuery = (subject: Subject) => ({ queryKey: [...key(subject), "curves"], queryFn: ({ signal }: { signal: AbortSignal }) => fetchStatisticsCurves(subject, signal) });

export function useMeasuredImages(subject: Subject, thresholds: Thresholds, question: ImagesQuestion, offset: number, limit: number, enabled = true) {
  return useQuery({
    queryKey: [...key(subject), "images", thresholds, question, offset, limit],
    enabled,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      bodyOf(
        api.GET("/api/v1/campaigns/{campaign_id}/models/{model_id}/statistics/images", {
          params: { ...at(subject), query: { ...asked(subject), ...written(thresholds), ...question, offset, limit } },
          signal,
        }),
      ),
  });
}

export async function suggestThresholds(subject: Subject, aim: Aim, target: number): Promise<Thresholds> {
  const query = { ...asked(subject), aim, target };
  return (await bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/models/{model_id}/statistics/thresholds", { params: { ...at(subject), query } }))).thresholds;
}

export function useStatisticsActions(subject: Subject) {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: campaignKey(subject.campaign) });
  const root = "/api/v1/campaigns/{campaign_id}/models/{model_id}/statistics";
  const body = { slice: subject.slice };
  return {
    save: useMutation({ mutationFn: (thresholds: Thresholds) => bodyOf(api.PUT(`${root}/thresholds` as const, { params: at(subject), body: { thresholds: { ...thresholds } } })), onSuccess }),
    calibrate: useMutation({ mutationFn: (slice: string) => bodyOf(api.POST(`${root}/calibration` as const, { params: at(subject), body: { slice } })), onSuccess }),
    forget: useMutation({ mutationFn: () => done(api.DELETE(`${root}/calibration` as const, { params: at(subject) })), onSuccess }),
    answer: useMutation({
      mutationFn: () => bodyOf(api.POST(`${root}/answers` as const, { params: at(subject), body })),
      onSuccess: () => client.invalidateQueries({ queryKey: ["runs"] }),
    }),
  };
}

export function useStatisticsComparison(subject: Subject, other: number | null) {
  return useQuery({
    queryKey: [...key(subject), "comparison", other],
    enabled: other !== null,
    queryFn: ({ signal }) =>
      bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/models/{model_id}/statistics/comparison", { params: { ...at(subject), query: { ...asked(subject), with: other ?? 0 } }, signal })),
  });
}

/** What of one image is rightly found, falsely found and missed. */
export function useJudgedImage(subject: Subject, thresholds: Thresholds, image_id: number) {
  const { path } = at(subject);
  return useQuery({
    queryKey: [...key(subject), "image", thresholds, image_id],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      bodyOf(
        api.GET("/api/v1/campaigns/{campaign_id}/models/{model_id}/statistics/images/{image_id}", { params: { path: { ...path, image_id }, query: { ...asked(subject), ...written(thresholds) } }, signal }),
      ),
  });
}

export function statisticsFileUrl({ campaign, model, slice, iou }: Subject, kind: "csv" | "coco" | "zip", images: Pictures = "original"): string {
  return apiUrl(`/campaigns/${campaign}/models/${model}/statistics/file`, { slice, iou, kind, images });
}
