/** Images that look alike: like one, like a picture from elsewhere, like each other; and labels that neighbours suggest. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { campaignKey } from "./campaigns";
import { type Answer, api, bodyOf } from "./client";
import type { Images, Query } from "./gallery";
import { apiFetch, apiUrl } from "./http";
import { useCursorList } from "./pages";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];

export type Found = Readonly<Answer<Schemas["Found"]>>;
export type Duplicates = Readonly<Answer<Schemas["Duplicates"]>>;
export type DuplicateGroup = Readonly<Answer<Schemas["DuplicateGroup"]>>;
export type Suggestion = Readonly<Answer<Schemas["Suggestion"]>>;

/** What to look for, and among which images. */
export interface Likeness {
  readonly limit: number;
  readonly threshold: number;
  readonly labels: readonly number[];
  /** Images that have all of the labels, instead of any. */
  readonly all: boolean;
  /** The gallery's filter. */
  readonly filter: Query;
}

type SimilarQuery = NonNullable<paths["/api/v1/campaigns/{campaign_id}/similar"]["get"]["parameters"]["query"]>;
const at = (campaign_id: number) => ({ path: { campaign_id } });

function narrowed({ limit, threshold, labels, all, filter }: Likeness): Record<string, string> {
  const named: Record<string, string> = labels.length === 0 ? {} : { labels: labels.join(","), and: String(all) };
  return { ...filter, limit: String(limit), threshold: String(threshold), ...named };
}

/** Images like one of the campaign, or like a part of it: `crop` in its pixels. */
export function findSimilar(campaign: number, image: number, crop: string | null, asked: Likeness, signal: AbortSignal): Promise<Found> {
  const query = { ...narrowed(asked), image: String(image), ...(crop === null ? {} : { crop }) };
  return bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/similar", { params: { ...at(campaign), query: query as unknown as SimilarQuery }, signal }));
}

/** Images like a picture from this computer, of which nothing is kept. */
export async function findLike(campaign: number, picture: File, asked: Likeness, signal: AbortSignal): Promise<Found> {
  const address = apiUrl(`/campaigns/${campaign}/similar`, { ...narrowed(asked), name: picture.name });
  const answer = await apiFetch(address, { method: "POST", body: picture, headers: { "Content-Type": "application/octet-stream" }, signal });
  return (await answer.json()) as Found;
}

const GROUPS = 30;

export function useDuplicates(campaign: number, page: number) {
  return useQuery({
    queryKey: [...campaignKey(campaign), "duplicates", page],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/duplicates", { params: { ...at(campaign), query: { limit: GROUPS, offset: page * GROUPS } }, signal })),
    placeholderData: (before) => before,
  });
}

export const groupsAPage = GROUPS;

/** Look at the campaign's images, and find those that are nearly the same. */
export function useLook(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (threshold: number) => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/likeness-runs", { params: at(campaign), body: { threshold } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["runs"] }),
  });
}

export function useSuggestions(campaign: number) {
  return useQuery({
    queryKey: [...campaignKey(campaign), "suggestions"],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/suggestions", { params: at(campaign), signal })),
  });
}

export function useSuggest(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (images: Images) => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/suggestion-runs", { params: at(campaign), body: { images, neighbours: 10 } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["runs"] }),
  });
}

export type LabelDoubt = Readonly<Answer<Schemas["LabelDoubt"]>>;
export type DoubtState = LabelDoubt["state"];
export type DoubtKind = LabelDoubt["kind"];

const doubtsKey = (campaign: number) => [...campaignKey(campaign), "label-doubts"] as const;

/** The review list, the surest first, page by page. */
export function useDoubts(campaign: number, state: DoubtState) {
  return useCursorList<LabelDoubt, { readonly outdated: boolean }>([...doubtsKey(campaign), state], (cursor, signal) =>
    bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/label-doubts", { params: { ...at(campaign), query: { state, page_size: 24, ...(cursor === undefined ? {} : { cursor }) } }, signal })),
  );
}

export function useDecide(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ doubt, state }: { doubt: number; state: DoubtState }) =>
      bodyOf(api.PATCH("/api/v1/campaigns/{campaign_id}/label-doubts/{doubt_id}", { params: { path: { campaign_id: campaign, doubt_id: doubt } }, body: { state } })),
    onSettled: () => client.invalidateQueries({ queryKey: campaignKey(campaign) }),
  });
}

export function useDoubt(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/label-doubt-runs", { params: at(campaign), body: {} })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["runs"] }),
  });
}

export type CoverageMap = Readonly<Answer<Schemas["CoverageMap"]>>;

export function useCoverageMap(campaign: number) {
  return useQuery({
    queryKey: [...campaignKey(campaign), "map"],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/map", { params: at(campaign), signal })),
    staleTime: 30_000,
    // Columns of tens of thousands: compared value by value they would cost more than drawing them.
    structuralSharing: false,
  });
}

export function useDrawMap(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/map-runs", { params: at(campaign) })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["runs"] }),
  });
}

export type Backbones = Readonly<Answer<Schemas["Backbones"]>>;
export type ImageSpace = Readonly<Answer<Schemas["ImageSpace"]>>;

/** What looks at the campaign's images. */
export function useBackbones(campaign: number) {
  return useQuery({
    queryKey: [...campaignKey(campaign), "backbones"],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/backbones", { params: at(campaign), signal })),
  });
}

export type BackboneChoice =
  | { readonly kind: "installed"; readonly size: string }
  | { readonly kind: "weights"; readonly library: string; readonly architecture: string; readonly side_px: number; readonly normalisation: string; readonly file?: File }
  | { readonly kind: "model"; readonly model: number };

/** Look at all images with another backbone. */
export function useChooseBackbone(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: async (choice: BackboneChoice) => {
      const form = new FormData();
      for (const [name, value] of Object.entries(choice)) form.append(name, value instanceof File ? value : String(value));
      await apiFetch(apiUrl(`/campaigns/${campaign}/backbones`), { method: "POST", body: form });
    },
    onSettled: () => Promise.all([client.invalidateQueries({ queryKey: ["runs"] }), client.invalidateQueries({ queryKey: campaignKey(campaign) })]),
  });
}

/** How reliable people are where several labeled the same images. */
export function useReliability(campaign: number) {
  return useQuery({
    queryKey: [...campaignKey(campaign), "reliability"],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/reliability", { params: at(campaign), signal })),
  });
}
