import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { campaignKey } from "./campaigns";
import { type Answer, api, bodyOf } from "./client";
import type { components } from "./schema";
import type { Subject, Thresholds } from "./statistics";

type Schemas = components["schemas"];

export type Abstention = Answer<Schemas["Abstention"]>;
export type RiskCurve = Answer<Schemas["RiskCurve"]>;
export type LabelShare = Answer<Schemas["LabelShare"]>;
export type Span = Readonly<Schemas["Span"]>;
export type Spans = Readonly<Record<string, Span>>;

const ROOT = "/api/v1/campaigns/{campaign_id}/models/{model_id}/statistics";
const at = ({ campaign, model }: Pick<Subject, "campaign" | "model">) => ({ path: { campaign_id: campaign, model_id: model } });
const key = ({ campaign, model, slice, iou }: Subject) => [...campaignKey(campaign), "statistics", model, slice, iou, "abstention"] as const;

/** What the model decides on a slice outside the spans; without any, outside those that are saved. */
export function useAbstention(subject: Subject, thresholds: Thresholds, spans: Spans | null) {
  const { slice, iou } = subject;
  const query = { slice, iou, thresholds: JSON.stringify(thresholds), ...(spans === null ? {} : { spans: JSON.stringify(spans) }) };
  return useQuery({
    queryKey: [...key(subject), thresholds, spans],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => bodyOf(api.GET(`${ROOT}/abstention` as const, { params: { ...at(subject), query }, signal })),
  });
}

/** The narrowest spans outside of which a share of answers is right. */
export async function suggestSpans(subject: Subject, thresholds: Thresholds, target: number): Promise<Spans> {
  const query = { slice: subject.slice, iou: subject.iou, thresholds: JSON.stringify(thresholds), target };
  return (await bodyOf(api.GET(`${ROOT}/unsure-spans` as const, { params: { ...at(subject), query } }))).spans;
}

/** Unlabeled images of which the model is unsure, the least sure first. */
export async function fetchUnsureImages(subject: Subject): Promise<number[]> {
  return (await bodyOf(api.GET(`${ROOT}/unsure-images` as const, { params: at(subject) }))).ids;
}

export function useSaveSpans(subject: Subject) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (spans: Spans) => bodyOf(api.PUT(`${ROOT}/unsure-spans` as const, { params: at(subject), body: { spans: { ...spans } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: campaignKey(subject.campaign) }),
  });
}
