import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { campaignKey } from "./campaigns";
import { api, bodyOf, done } from "./client";
import { API } from "./http";
import { useCursorList } from "./pages";
import type { Split } from "./types";

const PAGE = 100;

/** All images of a campaign, page by page. */
export function useImages(campaign_id: number, enabled = true) {
  return useCursorList(
    ["campaigns", campaign_id, "images"],
    (cursor, signal) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/images", { params: { path: { campaign_id }, query: { ...(cursor === undefined ? {} : { cursor }), page_size: PAGE } }, signal })),
    { enabled },
  );
}

/** A few images that stand for a campaign. */
export function useCover(campaign_id: number, count: number, enabled: boolean) {
  return useQuery({
    queryKey: ["campaigns", campaign_id, "cover", count],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/images", { params: { path: { campaign_id }, query: { page_size: count } }, signal })).then((page) => page.results),
    enabled,
    staleTime: 5 * 60_000,
  });
}

export function thumbnailUrl(image: number, size = 256): string {
  return `${API}/images/${image}/thumbnail?size=${size}`;
}

async function forEachLimited<T>(items: readonly T[], limit: number, act: (item: T) => Promise<unknown>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}

/** Change or remove a selection, a few at a time. */
export function useImageChanges(campaign: number) {
  const client = useQueryClient();
  const onSettled = () => client.invalidateQueries({ queryKey: campaignKey(campaign), exact: true });
  const at = (image_id: number) => ({ params: { path: { image_id } } });
  return {
    update: useMutation({
      mutationFn: ({ ids, change }: { ids: number[]; change: { split?: Split; flagged?: boolean } }) =>
        forEachLimited(ids, 4, (id) => bodyOf(api.PATCH("/api/v1/images/{image_id}", { ...at(id), body: change }))),
      onSettled,
    }),
    remove: useMutation({ mutationFn: (ids: number[]) => forEachLimited(ids, 4, (id) => done(api.DELETE("/api/v1/images/{image_id}", at(id)))), onSettled }),
  };
}

/** Import a folder that the server sees: at once, or in a run when it is much. */
export function useServerImport(campaign_id: number) {
  return useMutation({
    mutationFn: (body: { server_path: string; split: Split }) => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/images", { params: { path: { campaign_id } }, body })),
  });
}
