import { Button } from "@mantine/core";
import { IconAlertTriangle, IconBan } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useStore } from "zustand";
import { campaignKey } from "@/api/campaigns";
import { useDesk, useLabeling } from "./LabelingContext";
import classes from "./Labeling.module.css";
import type { Workspace } from "./workspace";

/** What went wrong behind the person's back, each with the way to put it right. */
export function Banners() {
  const { desk } = useLabeling();
  const failures = useDesk((state) => state.failures);
  const current = useDesk((state) => state.current);
  return (
    <div className={classes["banners"]}>
      {failures.map((failure) => (
        <div key={failure.workspace.image.id} className={classes["banner"]} role="alert" data-testid="submit-failed">
          <IconAlertTriangle size={18} aria-hidden="true" />
          <span>
            <strong>{failure.workspace.image.name}</strong> was not submitted. {failure.message}
          </span>
          <Button size="compact-sm" variant="default" onClick={() => void desk.giveBack(failure)}>
            Go back to it
          </Button>
        </div>
      ))}
      {current && <RefusedSave workspace={current} />}
      {current && <Excluded workspace={current} />}
      {current && <Asking workspace={current} />}
    </div>
  );
}

/** Work on an image that was taken out of the campaign is in vain for now: say it before more is done. */
function Excluded({ workspace }: { workspace: Workspace }) {
  const { desk, readOnly } = useLabeling();
  const excluded = useStore(workspace.store, (state) => state.excluded);
  if (!excluded) return null;
  const meanwhile = workspace.image.state !== "excluded";
  return (
    <div className={classes["banner"]} role="status" data-testid="image-excluded">
      <IconBan size={18} aria-hidden="true" />
      <span>
        <strong>{meanwhile ? "Somebody excluded this image while you had it open." : "This image is excluded from the campaign."}</strong> Labels are kept, and count when it is taken in again.
      </span>
      {!readOnly && (
        <Button size="compact-sm" variant="default" onClick={() => void desk.next()}>
          Next image
        </Button>
      )}
    </div>
  );
}

/** Drafts are on their way, or will not come; either way the person may begin. */
function Asking({ workspace }: { workspace: Workspace }) {
  const { asking, askedReason } = useStore(workspace.store);
  if (asking === "") return null;
  return (
    <div className={classes["asking"]} role="status" data-testid="asking-model" data-state={asking}>
      {asking === "asking" ? "Asking the model for drafts …" : `No drafts: ${askedReason}`}
    </div>
  );
}

function RefusedSave({ workspace }: { workspace: Workspace }) {
  const { campaign } = useLabeling();
  const client = useQueryClient();
  const { state, message } = useStore(workspace.autosave.store);
  useEffect(() => {
    // The campaign may be another than when the page opened: show the labels that there are now.
    if (state === "refused") void client.invalidateQueries({ queryKey: campaignKey(campaign.id), exact: true });
  }, [state, client, campaign.id]);
  if (state !== "refused") return null;
  return (
    <div className={classes["banner"]} role="alert" data-testid="save-refused">
      <IconAlertTriangle size={18} aria-hidden="true" />
      <span>
        <strong>Your last change was not saved.</strong> {message}
      </span>
      <Button size="compact-sm" variant="default" onClick={() => workspace.autosave.wake()}>
        Try again
      </Button>
    </div>
  );
}
