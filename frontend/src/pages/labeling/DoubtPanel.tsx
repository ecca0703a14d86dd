import { ActionIcon, Switch } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useStore } from "zustand";
import { KeyHint } from "@/keys/KeyHint";
import { doubtIn } from "./doubt";
import { useCommand, useLabeling, usePreference } from "./LabelingContext";
import classes from "./Labeling.module.css";
import { useHeatMap } from "./useHeatMap";
import type { Workspace } from "./workspace";

/** Where a model is unsure: as a picture over the image, and as places to go to one after the other. */
export function DoubtPanel({ workspace }: { workspace: Workspace }) {
  const { preferences } = useLabeling();
  const command = useCommand();
  const wanted = usePreference((state) => state.heatMap);
  const url = useHeatMap(workspace);
  const { areas, at } = useStore(doubtIn(workspace));
  const place = areas === null ? "" : areas.length === 0 ? "none" : `${(at ?? 0) + 1} of ${areas.length}`;
  return (
    <section className={classes["row"]} aria-label="Where the model is unsure">
      <Switch size="xs" checked={wanted} data-testid="heat-map" label="Where the model is unsure" onChange={(event) => preferences.setState({ heatMap: event.currentTarget.checked })} />
      <KeyHint command="heat-map" />
      {wanted && url === null && <p className={classes["quiet"]}>No model has left a heat map for this image.</p>}
      <div className={classes["row"]} style={{ width: "100%" }}>
        <span className={classes["quiet"]}>
          Uncertain areas <span data-testid="uncertain-place">{place}</span>
        </span>
        <span>
          <ActionIcon size={24} variant="subtle" color="gray" aria-label="To the uncertain area before" data-testid="previous-uncertain" onClick={() => command("previous-uncertain")}>
            <IconChevronLeft size={15} />
          </ActionIcon>
          <ActionIcon size={24} variant="subtle" color="gray" aria-label="To the next uncertain area" data-testid="next-uncertain" onClick={() => command("next-uncertain")}>
            <IconChevronRight size={15} />
          </ActionIcon>{" "}
          <KeyHint command="next-uncertain" />
        </span>
      </div>
    </section>
  );
}
