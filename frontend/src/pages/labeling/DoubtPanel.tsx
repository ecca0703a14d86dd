import { Switch } from "@mantine/core";
import { useStore } from "zustand";
import { KeyHint } from "@/keys/KeyHint";
import { doubtIn } from "./doubt";
import { useLabeling, usePreference } from "./LabelingContext";
import classes from "./Labeling.module.css";
import { Stepper } from "./Stepper";
import { useHeatMap } from "./useHeatMap";
import type { Workspace } from "./workspace";

/** Where a model is unsure: as a picture over the image, and as places to go to one after the other. */
export function DoubtPanel({ workspace }: { workspace: Workspace }) {
  const { preferences } = useLabeling();
  const wanted = usePreference((state) => state.heatMap);
  const url = useHeatMap(workspace);
  const { areas, at } = useStore(doubtIn(workspace));
  const place = areas === null ? "" : areas.length === 0 ? "none" : `${(at ?? 0) + 1} of ${areas.length}`;
  return (
    <section className={classes["row"]} aria-label="Where the model is unsure">
      <Switch size="xs" checked={wanted} data-testid="heat-map" label="Where the model is unsure" onChange={(event) => preferences.setState({ heatMap: event.currentTarget.checked })} />
      <KeyHint command="heat-map" />
      {wanted && url === null && <p className={classes["quiet"]}>No model has left a heat map for this image.</p>}
      <Stepper
        title="Uncertain areas" place={place} placeTestId="uncertain-place"
        before={{ command: "previous-uncertain", label: "To the uncertain area before" }} next={{ command: "next-uncertain", label: "To the next uncertain area" }}
      />
    </section>
  );
}
