import { Button, Loader } from "@mantine/core";
import { IconChecks, IconPlugConnectedX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, type Ref } from "react";
import { useStore } from "zustand";
import { toolOf } from "@/modes";
import { EmptyState } from "@/parts/states";
import { toolsOf } from "./commands";
import { ConfidenceLegend } from "./ConfidenceLegend";
import { keyText, useKeys } from "@/keys/KeyHint";
import { useDesk, useLabeling, useSession } from "./LabelingContext";
import classes from "./Labeling.module.css";
import { Minimap } from "./Minimap";
import { Showing } from "./Showing";
import { SightBar } from "./SightBar";
import { exposeToTests } from "./test-seam";
import type { Workspace } from "./workspace";

/** The element that OpenLayers fills, and the states in which there is nothing to fill it with. */
export function Canvas({ ref }: { ref: Ref<HTMLDivElement> }) {
  const { viewer, desk, readOnly } = useLabeling();
  const target = useRef<HTMLDivElement>(null);
  const status = useDesk((state) => state.status);
  const current = useDesk((state) => state.current);
  useImperativeHandle(ref, () => target.current as HTMLDivElement, []);
  // Before any other effect: a viewer without a place on the page cannot fit an image into it.
  useLayoutEffect(() => {
    if (target.current) viewer.attach(target.current);
    target.current?.focus({ preventScroll: true });
    return exposeToTests(viewer, desk);
  }, [viewer, desk]);
  useEffect(() => viewer.setEditable(!readOnly), [viewer, readOnly]);
  return (
    <>
      <div
        ref={target}
        className={classes["canvas"]}
        data-testid="canvas"
        data-status={status}
        tabIndex={0}
        role="application"
        aria-label="Image with its objects. Tab goes through the objects; the question mark shows all keys."
        onPointerDown={() => target.current?.focus({ preventScroll: true })}
        onContextMenu={(event) => event.preventDefault()}
      />
      {current && <Showing key={current.image.id} workspace={current} />}
      {current && status === "ready" && <Hint workspace={current} />}
      {current && (status === "ready" || status === "moving") && <SightBar workspace={current} />}
      {current && <ConfidenceLegend />}
      {current && <Minimap key={`map-${current.image.id}`} workspace={current} />}
      {status === "moving" && <Loader className={classes["loader"] ?? ""} aria-label="Loading the image" />}
      {(status === "empty" || status === "failed") && <Nothing failed={status === "failed"} />}
    </>
  );
}

/** One line on what the pointer does at the moment, or what the page has to say. */
function Hint({ workspace }: { workspace: Workspace }) {
  const { campaign, readOnly } = useLabeling();
  const mode = useSession(workspace, (state) => state.mode);
  const empty = useSession(workspace, (state) => state.history.present.document.size === 0);
  const notice = useDesk((state) => state.notice);
  const set = useStore(workspace.store, (state) => state.set);
  const drawable = toolsOf(campaign)[0];
  const said = useSession(workspace, (state) => state.notice || (state.overlay.hint ?? ""));
  const begins = useKeys("new").at(-1);
  const looks = readOnly ? "You can look at images and labels here, not change them: your role is viewer. Who owns the campaign can change your role." : "";
  const idle = empty && drawable !== undefined ? `${begins === undefined ? "Choose a tool" : `Press ${keyText(begins)}`} to draw a ${drawable.title.toLowerCase()}. Drag or hold Space to pan, scroll to zoom.` : "";
  const onBox = useSession(workspace, (state) => state.selection.some((id) => state.history.present.document.get(id)?.shape.type === "box"));
  const editing = onBox ? "Drag a corner or a side; drag inside to move. Esc when done." : "Drag vertices; press on an edge to add one; Delete or Alt and click takes one away. Esc when done.";
  const edit = mode === "edit" ? editing : "";
  const text = notice || (readOnly ? said || looks : said) || (set === "returned" ? "A reviewer returned this image: correct it and submit again." : "") || (toolOf(mode)?.hint ?? "") || edit || idle;
  return (
    <div className={classes["hint"]} role="status" data-notice={notice !== ""}>
      {text}
    </div>
  );
}

function Nothing({ failed }: { failed: boolean }) {
  const { campaign, desk, readOnly } = useLabeling();
  const reason = useDesk((state) => state.reason);
  const pending = useDesk((state) => state.pending.length);
  return (
    <div className={classes["nothing"]} data-testid={failed ? "labeling-failed" : "queue-empty"}>
      <EmptyState
        icon={failed ? <IconPlugConnectedX size={26} /> : <IconChecks size={26} />}
        title={failed ? "The next image did not come" : readOnly ? "You have seen it all" : "Nothing left to label"}
        actions={
          <>
            <Button onClick={() => void desk.next()} variant={failed ? "filled" : "default"}>
              {failed ? "Try again" : "Look again"}
            </Button>
            {!failed && !readOnly && (
              <Button component={Link} to={`/campaigns/${campaign.id}/rounds`}>
                Open the next round
              </Button>
            )}
            <Button component={Link} to={`/campaigns/${campaign.id}`} variant="default">
              Back to the campaign
            </Button>
          </>
        }
      >
        {reason}
        {!failed && !readOnly && pending === 0 && " Train a model and rank what remains, or add images to go on."}
        {pending > 0 && ` ${pending} submitted ${pending === 1 ? "image is" : "images are"} still on the way to the server.`}
      </EmptyState>
    </div>
  );
}
