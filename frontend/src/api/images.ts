import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { campaignKey } from "./campaigns";
import { API, getJson, sendJson } from "./http";
import { useCursorList } from "./pages";
import type { CampaignImage, ImageState, Page, Split } from "./types";

export interface ImageFilter {
  state?: ImageState | "";
  split?: Split | "none";
  label?: number[];
  label_op?: "and" | "or" | "not";
  q?: string;
  ordering?: string;
}

const PAGE = 100;

export const imagesKey = (campaign: number) => ["campaigns", campaign, "images"] as const;

export function useImages(campaign: number, filter: ImageFilter, enabled = true) {
  return useCursorList<CampaignImage>(imagesKey(campaign), `/campaigns/${campaign}/images`, { ...filter, label: filter.label?.join(","), page_size: PAGE }, { enabled });
}

/** A few images that stand for a campaign. */
export function useCover(campaign: number, count: number, enabled: boolean) {
  return useQuery({
    queryKey: ["campaigns", campaign, "cover", count],
    queryFn: ({ signal }) => getJson<Page<CampaignImage>>(`/campaigns/${campaign}/images`, { page_size: count }, signal).then((page) => page.results.slice(0, count)),
    enabled,
    staleTime: 5 * 60_000,
  });
}

export function thumbnailUrl(image: number, size = 256): string {
  return `${API}/images/${image}/thumbnail?size=${size}`;
}

export function fileUrl(image: number): string {
  return `${API}/images/${image}/file`;
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
  const onSettled = () => Promise.all([client.invalidateQueries({ queryKey: imagesKey(campaign) }), client.invalidateQueries({ queryKey: campaignKey(campaign), exact: true })]);
  return {
    update: useMutation({
      mutationFn: ({ ids, change }: { ids: number[]; change: { split?: Split; flagged?: boolean } }) =>
        forEachLimited(ids, 4, (id) => sendJson<CampaignImage>("PATCH", `/images/${id}`, change)),
      onSettled,
    }),
    remove: useMutation({ mutationFn: (ids: number[]) => forEachLimited(ids, 4, (id) => sendJson<null>("DELETE", `/images/${id}`)), onSettled }),
  };
}
