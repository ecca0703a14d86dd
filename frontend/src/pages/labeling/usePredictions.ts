import { useQuery } from "@tanstack/react-query";
import { predictionsOf } from "./wire";
import type { Workspace } from "./workspace";

/** What models said of an image, asked once for all panels that want it. */
export function usePredictions({ image }: Workspace, enabled: boolean) {
  return useQuery({
    queryKey: ["images", image.id, "predictions"],
    queryFn: ({ signal }) => predictionsOf(image.id, signal),
    enabled,
    staleTime: 60_000,
  });
}
