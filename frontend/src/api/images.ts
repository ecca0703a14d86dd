import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { campaignKey } from "./campaigns";
import { api, bodyOf } from "./client";
import type { Images } from "./gallery";
import { sendJson } from "./http";
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

/** What becomes of images; excluded ones are asked of nobody, and learned from and exported by nothing. */
export interface ImageChange {
  readonly split?: Split;
  readonly flagged?: boolean;
  readonly excluded?: boolean;
}

/** Change or remove images, however many, by one request. */
export function useImageChanges(campaign_id: number) {
  const client = useQueryClient();
  const onSettled = () => client.invalidateQueries({ queryKey: campaignKey(campaign_id), exact: true });
  const at = { params: { path: { campaign_id } } };
  return {
    update: useMutation({
      mutationFn: ({ images, change }: { images: Images; change: ImageChange }) => bodyOf(api.PATCH("/api/v1/campaigns/{campaign_id}/images", { ...at, body: { images, ...change } })),
      onSettled,
    }),
    remove: useMutation({ mutationFn: (images: Images) => sendJson<{ images: number }>("DELETE", `/campaigns/${campaign_id}/images`, { images }), onSettled }),
  };
}

/** Import a folder that the server sees: at once, or in a run when it is much. */
export function useServerImport(campaign_id: number) {
  return useMutation({
    mutationFn: (body: { server_path: string; split: Split }) => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/images", { params: { path: { campaign_id } }, body })),
  });
}
