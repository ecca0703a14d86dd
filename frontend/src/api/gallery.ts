/** The gallery's part of the interface: ids of a filter, labeling many images at once, changes to undo, counts, saved views. */
import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { campaignKey } from "./campaigns";
import { type Answer, api, bodyOf, done } from "./client";
import { useCursorList } from "./pages";
import type { components, paths } from "./schema";
import type { CampaignImage } from "./types";

type Schemas = components["schemas"];

export type WholeLabel = Readonly<Answer<Schemas["WholeLabel"]>>;
export type Guess = Readonly<Omit<Answer<Schemas["Guess"]>, "image">>;

/** A row of the gallery, with what models say of the whole image and nobody has reviewed, the surest first. */
export type GalleryImage = CampaignImage & { guesses?: Guess[] };

/** Images as request bodies name them. */
export type Images = Schemas["LabelingRequest"]["images"];

/** A filter as an address says it: by name, lists with commas between. */
export type Query = Readonly<Record<string, string>>;

export const idsKey = (campaign: number) => [...campaignKey(campaign), "ids"] as const;
export const countsKey = (campaign: number) => [...campaignKey(campaign), "label-counts"] as const;
export const viewsKey = (campaign: number) => [...campaignKey(campaign), "views"] as const;
export const changesKey = (campaign: number) => [...campaignKey(campaign), "changes"] as const;

const at = (campaign_id: number) => ({ path: { campaign_id } });

type ListQuery = NonNullable<paths["/api/v1/campaigns/{campaign_id}/images/ids"]["get"]["parameters"]["query"]>;

/** The schema has numbers and lists where an address has texts; they are written alike. */
function asked(query: Query): ListQuery {
  return query as unknown as ListQuery;
}

/** All ids of a filter in order: the list that the gallery scrolls over. */
export async function fetchIds(campaign: number, query: Query, ordering: string, signal?: AbortSignal): Promise<number[]> {
  const parameters = { params: { ...at(campaign), query: asked({ ...query, ordering }) } };
  return (await bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/images/ids", signal ? { ...parameters, signal } : parameters))).ids;
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

/** How sharp, bright and full of contrast the images are, in percentiles: to choose a limit by. */
export function useMeasures(campaign: number) {
  return useQuery({
    queryKey: [...campaignKey(campaign), "measures"],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/images/measures", { params: at(campaign), signal })),
  });
}

/** Known images, in the order asked for, with what models guess of them. */
export async function fetchRows(campaign: number, wanted: readonly number[], guessed: boolean): Promise<GalleryImage[]> {
  const ids = wanted.join(",");
  const [page, guesses] = await Promise.all([
    bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/images", { params: { ...at(campaign), query: asked({ ids }) } })),
    guessed ? bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/guesses", { params: { ...at(campaign), query: { ids } } })) : [],
  ]);
  // Each image has few: the surest comes first, as it was sent.
  const byImage = new Map<number, Guess[]>();
  for (const { image, label, confidence } of guesses) byImage.set(image, [...(byImage.get(image) ?? []), { label, confidence }]);
  return page.results.map((row) => ({ ...row, guesses: byImage.get(row.id) ?? [] }));
}

export type LabelingBody = Schemas["LabelingRequest"];

/** What was done to many images, or to a label, and can be undone. */
export type Change = Readonly<Answer<Schemas["Change"]>>;

/** With a run, the change is being made in the background: more than 2,000 images are. */
export type Changed = Readonly<Answer<Schemas["Changed"]>>;

/** Label many images; asked again with the same key, the server answers what it did the first time. */
export function postLabeling(campaign: number, body: LabelingBody, key: string): Promise<Changed> {
  return bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/labelings", { params: at(campaign), body, headers: { "Idempotency-Key": key } }));
}

export function undoChange(campaign_id: number, change_id: number): Promise<Changed> {
  return bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/changes/{change_id}/undo", { params: { path: { campaign_id, change_id } } }));
}

const WATCHED_MS = 1500;

/** What was done in the campaign, the latest first, page by page; looked at again while any of it is at work. */
export function useChanges(campaign: number, enabled: boolean) {
  return useCursorList<Change>(
    changesKey(campaign),
    (cursor, signal) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/changes", { params: { ...at(campaign), query: cursor === undefined ? {} : { cursor } }, signal })),
    { enabled, refetchWhile: (changes) => (changes.some((one) => one.at_work) ? WATCHED_MS : false) },
  );
}

export type LabelCount = Readonly<Answer<Schemas["LabelCount"]>>;
export type LabelCounts = Readonly<Answer<Schemas["LabelCounts"]>>;

export function useLabelCounts(campaign: number, query: Query) {
  return useQuery({
    queryKey: [...countsKey(campaign), query],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/label-counts", { params: { ...at(campaign), query: asked(query) }, signal })),
    placeholderData: (before) => before,
  });
}

export type View = Readonly<Answer<Schemas["SavedView"]>>;
export type Ordering = Schemas["OrderingEnum"];
type NewView = Schemas["SavedViewRequest"];

export function useViews(campaign: number) {
  return useQuery({
    queryKey: viewsKey(campaign),
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/views", { params: at(campaign), signal })),
  });
}

export function useViewChanges(campaign_id: number) {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: viewsKey(campaign_id) });
  const one = (view_id: number) => ({ params: { path: { campaign_id, view_id } } });
  return {
    create: useMutation({ mutationFn: (body: NewView) => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/views", { params: at(campaign_id), body })), onSuccess }),
    update: useMutation({ mutationFn: ({ id, ...body }: Partial<NewView> & { id: number }) => bodyOf(api.PATCH("/api/v1/campaigns/{campaign_id}/views/{view_id}", { ...one(id), body })), onSuccess }),
    remove: useMutation({ mutationFn: (id: number) => done(api.DELETE("/api/v1/campaigns/{campaign_id}/views/{view_id}", one(id))), onSuccess }),
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

const oneLabel = (campaign_id: number, label_id: number) => ({ path: { campaign_id, label_id } });

/** The change that a label operation leaves behind to undo. */
async function changeOf(call: Promise<{ response: Response }>): Promise<number | null> {
  const change = Number((await call).response.headers.get("X-Change"));
  return change > 0 ? change : null;
}

export function changeLabel(campaign: number, label: number, body: Schemas["PatchedLabelRequest"]): Promise<number | null> {
  return changeOf(api.PATCH("/api/v1/campaigns/{campaign_id}/labels/{label_id}", { params: oneLabel(campaign, label), body }));
}

export function mergeLabel(campaign: number, label: number, into: number): Promise<number | null> {
  return changeOf(api.DELETE("/api/v1/campaigns/{campaign_id}/labels/{label_id}", { params: { ...oneLabel(campaign, label), query: { merge_into: into } } }));
}

export function removeLabel(campaign: number, label: number): Promise<number | null> {
  return changeOf(api.DELETE("/api/v1/campaigns/{campaign_id}/labels/{label_id}", { params: oneLabel(campaign, label) }));
}
