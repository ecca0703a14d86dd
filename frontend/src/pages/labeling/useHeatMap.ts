import { useQuery } from "@tanstack/react-query";
import { usePreference } from "./LabelingContext";
import { predictionsOf } from "./wire";
import type { Workspace } from "./workspace";

/** The address of the newest heat map of an image, when the person wants to see one and there is one. */
export function useHeatMap({ image }: Workspace): string | null {
  const wanted = usePreference((state) => state.heatMap);
  const predictions = useQuery({
    queryKey: ["images", image.id, "predictions"],
    queryFn: ({ signal }) => predictionsOf(image.id, signal),
    enabled: wanted,
    staleTime: 60_000,
  });
  const maps = (predictions.data ?? []).flatMap((prediction) => prediction.heat_map ?? []);
  return wanted ? (maps[0] ?? null) : null;
}
