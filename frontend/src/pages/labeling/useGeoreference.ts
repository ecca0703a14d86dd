import { useQuery } from "@tanstack/react-query";
import type { Georeference } from "@/core/ruler";
import { georeferenceOf, type ImageFacts } from "./wire";

/** Where an image lies on the ground; null while that is on its way, and for an image that lies nowhere. */
export function useGeoreference(image: ImageFacts): Georeference | null {
  const georeference = useQuery({
    queryKey: ["images", image.id, "georeference"],
    queryFn: ({ signal }) => georeferenceOf(image.id, signal),
    enabled: image.transform !== null && image.crs !== "",
    staleTime: Infinity,
  });
  return georeference.data ?? null;
}
