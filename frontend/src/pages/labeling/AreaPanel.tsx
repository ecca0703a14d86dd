import { ActionIcon, Button } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useStore } from "zustand";
import { KeyHint } from "@/keys/KeyHint";
import { askedIn } from "./asked";
import { useCommand } from "./LabelingContext";
import classes from "./Labeling.module.css";
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
      <div className={classes["row"]}>
        <span className={classes["quiet"]}>
          Areas asked about <span data-testid="area-place">{at === null ? areas.length : `${at + 1} of ${areas.length}`}</span>
        </span>
        <span>
          <ActionIcon size={24} variant="subtle" color="gray" aria-label="To the area before" data-testid="previous-area" onClick={() => command("previous-area")}>
            <IconChevronLeft size={15} />
          </ActionIcon>
          <ActionIcon size={24} variant="subtle" color="gray" aria-label="To the next area asked about" data-testid="next-area" onClick={() => command("next-area")}>
            <IconChevronRight size={15} />
          </ActionIcon>{" "}
          <KeyHint command="next-area" />
        </span>
      </div>
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
