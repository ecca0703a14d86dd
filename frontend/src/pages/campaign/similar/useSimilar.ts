import { useQuery } from "@tanstack/react-query";
import { findLike, findSimilar, type Likeness } from "@/api/likeness";
import { type Crop, inPixels } from "./crop";

export type Asked = { readonly image: { readonly id: number; readonly width: number; readonly height: number }; readonly crop: Crop | null } | { readonly picture: File };

/** Ask for what looks like an image, its part, or a picture; asked again when anything of the question changes. */
export function useSimilar(campaign: number, asked: Asked | null, likeness: Likeness) {
  const what = asked === null ? null : "picture" in asked ? { name: asked.picture.name, size: asked.picture.size, at: asked.picture.lastModified } : { id: asked.image.id, crop: asked.crop };
  return useQuery({
    queryKey: ["campaigns", campaign, "similar", what, likeness],
    queryFn: ({ signal }) => {
      if (asked === null) throw new Error("nothing is asked");
      if ("picture" in asked) return findLike(campaign, asked.picture, likeness, signal);
      const { image, crop } = asked;
      return findSimilar(campaign, image.id, crop === null ? null : inPixels(crop, image.width, image.height), likeness, signal);
    },
    enabled: asked !== null,
    placeholderData: (before) => before,
    retry: false,
    gcTime: 60_000,
  });
}
