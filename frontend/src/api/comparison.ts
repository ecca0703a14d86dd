import { useQuery } from "@tanstack/react-query";
import { bodyOf, api } from "./client";

/** Which of a campaign's images models are compared on. */
export type ComparedImages = "all" | { filter: { split: "test" } };

export interface Comparing {
  models: readonly number[];
  images: ComparedImages;
}

/** Models side by side on the same images; asked for when somebody wants it, for it reads many answers. */
export function useComparison(campaign_id: number, asked: Comparing | null) {
  return useQuery({
    queryKey: ["campaigns", campaign_id, "model-comparison", asked],
    enabled: asked !== null,
    gcTime: 0,
    queryFn: ({ signal }) => {
      const images = asked === null || asked.images === "all" ? "all" : JSON.stringify(asked.images);
      const query = { models: (asked?.models ?? []).join(","), images };
      return bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/model-comparison", { params: { path: { campaign_id }, query }, signal }));
    },
  });
}
