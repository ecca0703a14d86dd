import { Button } from "@mantine/core";
import { useStore } from "zustand";
import { KeyHint } from "@/keys/KeyHint";
import { askedIn } from "./asked";
import { useCommand } from "./LabelingContext";
import classes from "./Labeling.module.css";
import { Stepper } from "./Stepper";
import type { Workspace } from "./workspace";

/** The areas of the image that the round asks about, one after the other. */
export function AreaPanel({ workspace }: { workspace: Workspace }) {
  const command = useCommand();
  const { told, areas, at } = useStore(askedIn(workspace));
  if (areas.length === 0) return null;
  const teaches = told?.areas_teach === true;
  const isDone = at !== null && areas[at]?.done === true;
  return (
    <section aria-label="Areas asked about">
      <Stepper
        title="Areas asked about" place={at === null ? areas.length : `${at + 1} of ${areas.length}`} placeTestId="area-place"
        before={{ command: "previous-area", label: "To the area before" }} next={{ command: "next-area", label: "To the next area asked about" }}
      />
      <p className={classes["quiet"]} data-testid="area-why">
        {at === null ? "" : (areas[at]?.why ?? "")} {teaches ? "Label all of it and hand it in alone, or submit the whole image." : "Begin here; submitting hands in the whole image."}
      </p>
      {teaches && (
        <div className={classes["row"]}>
          <Button size="compact-xs" variant="light" disabled={at === null || isDone} onClick={() => command("hand-in-area")} data-testid="hand-in-area" data-done={isDone}>
            {isDone ? "Handed in" : "Hand in this area"}
          </Button>
          <KeyHint command="hand-in-area" />
        </div>
      )}
    </section>
  );
}
