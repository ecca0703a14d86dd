import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef } from "react";
import { useStore } from "zustand";
import { countDrafts, keptAnnotations } from "@/core/review";
import { useSession } from "./LabelingContext";
import classes from "./Labeling.module.css";
import { ObjectRow } from "./ObjectRow";
import { useFoundNothing } from "./useFoundNothing";
import type { Workspace } from "./workspace";

const ROW_PX = 34;

/** The objects shown, as a list that keys can walk; ten thousand of them cost as much as the few in sight. */
export function ObjectList({ workspace }: { workspace: Workspace }) {
  const document = useSession(workspace, (state) => state.history.present.document);
  const thresholds = useSession(workspace, (state) => state.thresholds);
  const selection = useSession(workspace, (state) => state.selection);
  const scroller = useRef<HTMLDivElement>(null);
  const objects = useMemo(() => keptAnnotations(document, thresholds), [document, thresholds]);
  const rows = useVirtualizer({ count: objects.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_PX, overscan: 12 });
  const leading = selection.at(-1);
  const at = leading === undefined ? -1 : objects.findIndex((annotation) => annotation.id === leading);
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at);
  }, [at, rows]);
  return (
    <section className={classes["objects"]} aria-labelledby="objects-title">
      <h2 id="objects-title" className={classes["title"]}>
        Objects
        <span className={classes["count"]} data-testid="object-count">
          {objects.length}
        </span>
      </h2>
      <div ref={scroller} className={classes["scroller"]}>
        <ul style={{ height: rows.getTotalSize() }} aria-labelledby="objects-title">
          {rows.getVirtualItems().map((item) => {
            const annotation = objects[item.index];
            return (
              annotation && (
                <ObjectRow
                  key={annotation.id}
                  annotation={annotation}
                  workspace={workspace}
                  top={item.start}
                  place={item.index + 1}
                  of={objects.length}
                  selected={selection.includes(annotation.id)}
                  reachable={item.index === Math.max(0, at)}
                  idAt={(place) => objects[place - 1]?.id}
                />
              )
            );
          })}
        </ul>
        {objects.length === 0 && <Nothing workspace={workspace} hidden={countDrafts(document, thresholds).drafts} />}
      </div>
    </section>
  );
}

/** Why the list is empty: drafts below the threshold, a model that found nothing, or nobody who looked. */
function Nothing({ workspace, hidden }: { workspace: Workspace; hidden: number }) {
  const { asking } = useStore(workspace.store);
  const found = useFoundNothing(workspace, hidden === 0 && asking === "");
  return (
    <p className={classes["quiet"]} data-testid="no-objects">
      {hidden > 0 ? "Nothing above the threshold." : found.length > 0 ? `Nothing was found by ${found.join(", ")}.` : "Nothing yet."}
    </p>
  );
}
