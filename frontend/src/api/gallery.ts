/** The gallery's part of the interface: ids of a filter, labeling many images at once, changes to undo, counts, saved views. */
import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { campaignKey } from "./campaigns";
import { apiFetch, apiUrl, getJson, sendJson } from "./http";
import { thumbnailUrl } from "./images";
import type { CampaignImage, Page, Run } from "./types";

export interface WholeLabel {
  readonly label: number;
  readonly default: boolean;
}

export interface Guess {
  readonly label: number;
  readonly confidence: number | null;
}

export type GalleryImage = CampaignImage & {
  whole_labels: WholeLabel[];
  /** What models say of the whole image and nobody has reviewed, the surest first. */
  guesses?: Guess[];
  sharpness: number | null;
  brightness: number | null;
  contrast: number | null;
  submitted_at: string | null;
  labeled_by: { id: number; username: string } | null;
};

/** Images as request bodies name them. */
export type Images = "all" | "unlabeled" | number[] | { filter: Record<string, unknown> };

export type Query = Readonly<Record<string, string>>;

export const idsKey = (campaign: number) => [...campaignKey(campaign), "ids"] as const;
export const countsKey = (campaign: number) => [...campaignKey(campaign), "label-counts"] as const;
export const viewsKey = (campaign: number) => [...campaignKey(campaign), "views"] as const;
export const changesKey = (campaign: number) => [...campaignKey(campaign), "changes"] as const;

const at = (campaign: number): string => `/campaigns/${campaign}`;

/** All ids of a filter in order: the list that the gallery scrolls over. */
export function fetchIds(campaign: number, query: Query, ordering: string, signal?: AbortSignal): Promise<number[]> {
  return getJson<{ ids: number[] }>(`${at(campaign)}/images/ids`, { ...query, ordering }, signal).then((answer) => answer.ids);
}

export function useImageIds(campaign: number, query: Query, ordering: string) {
  return useQuery({
    queryKey: [...idsKey(campaign), query, ordering],
    queryFn: ({ signal }) => fetchIds(campaign, query, ordering, signal),
    placeholderData: (before) => before,
    // A list of plain numbers that changes as a whole: comparing 100,000 of them one by one on every answer buys nothing.
    structuralSharing: (before, after) => (Array.isArray(before) && Array.isArray(after) && before.length === after.length && before.every((id, place) => id === after[place]) ? before : after),
  });
}

/** Known images, in the order asked for, with what models guess of them. */
export async function fetchRows(campaign: number, ids: readonly number[], guessed: boolean): Promise<GalleryImage[]> {
  const asked = { ids: ids.join(",") };
  const [page, guesses] = await Promise.all([
    getJson<Page<GalleryImage>>(`${at(campaign)}/images`, asked),
    guessed ? getJson<(Guess & { image: number })[]>(`${at(campaign)}/guesses`, asked) : [],
  ]);
  // Each image has few: the surest comes first, as it was sent.
  const byImage = new Map<number, Guess[]>();
  for (const { image, label, confidence } of guesses) byImage.set(image, [...(byImage.get(image) ?? []), { label, confidence }]);
  return page.results.map((row) => ({ ...row, guesses: byImage.get(row.id) ?? [] }));
}

export interface LabelingBody {
  readonly images: Images;
  readonly add: readonly number[];
  readonly remove: readonly number[];
  readonly default: number | null;
  readonly default_for_having: number | null;
  readonly submit: boolean;
}

export interface Change {
  readonly id: number;
  readonly title: string;
  readonly images: number;
  /** Images that could not be handed in. */
  readonly left_out: number;
  /** What an undo did not touch, because somebody edited it since. */
  readonly left_alone: number;
}

/** With a run, the change is being made in the background: more than 2,000 images are. */
export interface Changed {
  readonly change: Change;
  readonly run: Run | null;
}

/** Label many images; asked again with the same key, the server answers what it did the first time. */
export function postLabeling(campaign: number, body: LabelingBody, key: string): Promise<Changed> {
  return sendJson("POST", `${at(campaign)}/labelings`, body, { "Idempotency-Key": key });
}

export function undoChange(campaign: number, change: number): Promise<Changed> {
  return sendJson("POST", `${at(campaign)}/changes/${change}/undo`);
}

export interface LabelCount {
  readonly label: number;
  readonly images: number;
  readonly objects: number;
  readonly default_images: number;
  /** Fewer than a model learns much from. */
  readonly few: boolean;
  /** Times fewer than the most frequent label. */
  readonly imbalance: number;
}

export interface LabelCounts {
  readonly labels: LabelCount[];
  readonly unset_default: number;
  readonly ambiguous_default: number;
}

export function useLabelCounts(campaign: number, query: Query) {
  return useQuery({
    queryKey: [...countsKey(campaign), query],
    queryFn: ({ signal }) => getJson<LabelCounts>(`${at(campaign)}/label-counts`, query, signal),
    placeholderData: (before) => before,
  });
}

export interface View {
  readonly id: number;
  readonly name: string;
  readonly filter: Record<string, unknown>;
  readonly ordering: string;
  readonly shared: boolean;
  readonly author: { id: number; username: string } | null;
}

export function useViews(campaign: number) {
  return useQuery({
    queryKey: viewsKey(campaign),
    queryFn: ({ signal }) => getJson<Page<View> | View[]>(`${at(campaign)}/views`, {}, signal).then((answer) => (Array.isArray(answer) ? answer : answer.results)),
  });
}

export function useViewChanges(campaign: number) {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: viewsKey(campaign) });
  return {
    create: useMutation({ mutationFn: (body: Pick<View, "name" | "filter" | "ordering" | "shared">) => sendJson<View>("POST", `${at(campaign)}/views`, body), onSuccess }),
    update: useMutation({ mutationFn: ({ id, ...body }: Partial<View> & { id: number }) => sendJson<View>("PATCH", `${at(campaign)}/views/${id}`, body), onSuccess }),
    remove: useMutation({ mutationFn: (id: number) => sendJson<null>("DELETE", `${at(campaign)}/views/${id}`), onSuccess }),
  };
}

/** What the gallery shows beside its rows has changed. */
export function refreshAround(client: QueryClient, campaign: number): Promise<unknown> {
  return Promise.all([
    client.invalidateQueries({ queryKey: countsKey(campaign) }),
    client.invalidateQueries({ queryKey: campaignKey(campaign), exact: true }),
    client.invalidateQueries({ queryKey: changesKey(campaign) }),
  ]);
}


/** The change that a label operation leaves behind to undo. */
async function labelChange(campaign: number, label: number, method: "PATCH" | "DELETE", body?: unknown): Promise<number | null> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  const change = Number((await apiFetch(apiUrl(`${at(campaign)}/labels/${label}`), init)).headers.get("X-Change"));
  return change > 0 ? change : null;
}

export function changeLabel(campaign: number, label: number, change: { name?: string; color?: string }): Promise<number | null> {
  return labelChange(campaign, label, "PATCH", change);
}

export function mergeLabel(campaign: number, label: number, into: number): Promise<number | null> {
  return labelChange(campaign, label, "DELETE", { merge_into: into });
}

export function removeLabel(campaign: number, label: number): Promise<number | null> {
  return labelChange(campaign, label, "DELETE");
}

const THUMBNAIL_PX = [256, 512] as const;

/** A thumbnail that is sharp at a width on screen. */
export function thumbnailOf(image: number, width_px: number): string {
  const wanted = width_px * Math.min(2, typeof window === "undefined" ? 1 : window.devicePixelRatio);
  return thumbnailUrl(image, THUMBNAIL_PX.find((size) => size >= wanted * 0.8) ?? THUMBNAIL_PX[1]);
}
