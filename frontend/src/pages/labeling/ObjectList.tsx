import { ActionIcon } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, type KeyboardEvent } from "react";
import { accept, reject } from "@/actions/review";
import { remove } from "@/actions/annotations";
import { isDraft, keptAnnotations } from "@/core/review";
import { toggled } from "@/core/selection";
import type { Annotation } from "@/core/types";
import { percent } from "@/render/shape-layers";
import { kindOf } from "@/shapes/kinds";
import { useLabeling, useSession } from "./LabelingContext";
import classes from "./Labeling.module.css";
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
                <Row
                  key={annotation.id}
                  annotation={annotation}
                  workspace={workspace}
                  top={item.start}
                  place={item.index + 1}
                  of={objects.length}
                  selected={selection.includes(annotation.id)}
                  reachable={item.index === Math.max(0, at)}
                  neighbours={[objects[item.index - 1]?.id, objects[item.index + 1]?.id]}
                />
              )
            );
          })}
        </ul>
        {objects.length === 0 && <p className={classes["quiet"]}>Nothing yet.</p>}
      </div>
    </section>
  );
}

interface RowProps {
  annotation: Annotation;
  workspace: Workspace;
  top: number;
  place: number;
  of: number;
  selected: boolean;
  /** The one row that Tab reaches; arrows go on from there. */
  reachable: boolean;
  neighbours: readonly [string | undefined, string | undefined];
}

function Row({ annotation, workspace, top, place, of, selected, reachable, neighbours }: RowProps) {
  const { labels, viewer, readOnly } = useLabeling();
  const { session } = workspace;
  const label = labels.find((entry) => entry.label.id === annotation.label)?.label;
  const draft = isDraft(annotation);
  const choose = (id: string | undefined): void => {
    if (id === undefined) return;
    session.select([id]);
    viewer.reveal(id);
    requestAnimationFrame(() => globalThis.document.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    choose(neighbours[event.key === "ArrowUp" ? 0 : 1]);
  };
  return (
    <li
      className={classes["object"]}
      style={{ transform: `translateY(${top}px)` }}
      data-testid="object-row"
      data-draft={draft}
      data-selected={selected}
      aria-setsize={of}
      aria-posinset={place}
      onPointerEnter={() => session.hover(annotation.id)}
      onPointerLeave={() => session.hover(null)}
    >
      <button
        type="button"
        data-row={annotation.id}
        tabIndex={reachable ? 0 : -1}
        aria-pressed={selected}
        onKeyDown={onKeyDown}
        onClick={(event) => {
          session.select(event.shiftKey ? toggled(session.selection(), annotation.id) : [annotation.id]);
          viewer.reveal(annotation.id);
        }}
      >
        <span className={classes["swatch"]} data-draft={draft} style={{ "--swatch": label?.color } as React.CSSProperties} />
        <span className={classes["grow"]}>{label?.name ?? "?"}</span>
        <span className={classes["kind"]}>{kindOf(annotation.shape).title}</span>
        {draft && annotation.confidence !== null && <span className={classes["confidence"]}>{percent(annotation.confidence)}</span>}
      </button>
      {draft && !readOnly && (
        <ActionIcon size={24} variant="subtle" color="pine" tabIndex={-1} aria-label={`Accept draft ${place}`} onClick={() => session.apply("Accepted", (document) => accept(document, [annotation.id]))}>
          <IconCheck size={15} />
        </ActionIcon>
      )}
      {!readOnly && (
        <ActionIcon
          size={24}
          variant="subtle"
          color="gray"
          tabIndex={-1}
          aria-label={draft ? `Reject draft ${place}` : `Delete object ${place}`}
          onClick={() => session.apply(draft ? "Rejected" : "Deleted", (document) => (draft ? reject : remove)(document, [annotation.id]))}
        >
          <IconX size={15} />
        </ActionIcon>
      )}
    </li>
  );
}
