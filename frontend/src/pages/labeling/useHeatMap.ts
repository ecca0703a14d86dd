import { usePreference } from "./LabelingContext";
import { usePredictions } from "./usePredictions";
import type { Workspace } from "./workspace";

/** The address of the newest heat map of an image, when the person wants to see one and there is one. */
export function useHeatMap(workspace: Workspace): string | null {
  const wanted = usePreference((state) => state.heatMap);
  const predictions = usePredictions(workspace, wanted);
  const maps = (predictions.data ?? []).flatMap((prediction) => prediction.heat_map ?? []);
  return wanted ? (maps[0] ?? null) : null;
}
