import { ActionIcon, NativeSelect } from "@mantine/core";
import { IconCheck, IconEye, IconEyeOff, IconLock, IconLockOpen, IconX } from "@tabler/icons-react";
import { useState, type KeyboardEvent } from "react";
import { move, remove } from "@/actions/annotations";
import { accept, reject } from "@/actions/review";
import { isDraft } from "@/core/review";
import { toggled } from "@/core/selection";
import type { Annotation, Point } from "@/core/types";
import { percent } from "@/render/shape-layers";
import { kindOf } from "@/shapes/kinds";
import { toggleHidden, toggleLocked } from "./commands/objects";
import { useLabeling, useSession } from "./LabelingContext";
import classes from "./Labeling.module.css";
import type { Workspace } from "./workspace";

interface RowProps {
  annotation: Annotation;
  workspace: Workspace;
  top: number;
  place: number;
  of: number;
  selected: boolean;
  /** The one row that Tab reaches; arrows go on from there. */
  reachable: boolean;
  /** The ids at other places of the list; nothing beyond its ends. */
  idAt: (place: number) => string | undefined;
}

const STEPS: Readonly<Record<string, Point>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Where a key goes in the list, counted from 1; null where it goes nowhere. */
function destination(key: string, place: number, of: number): number | null {
  const places: Readonly<Record<string, number>> = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 1, End: of, PageUp: Math.max(1, place - 10), PageDown: Math.min(of, place + 10) };
  const found = places[key];
  return found !== undefined && found >= 1 && found <= of ? found : null;
}

function focusRow(id: string): void {
  // Two frames: the list scrolls to the row in the first, and has made it by the second.
  requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`)?.focus()));
}

/** Everything a hand does to an object, for who has no hand on the canvas: walk, nudge, rename, delete. */
function useRowKeys({ annotation, workspace, place, of, idAt }: RowProps, rename: () => void): (event: KeyboardEvent) => void {
  const { viewer, readOnly } = useLabeling();
  const { session } = workspace;
  const go = (to: number, extend: boolean): void => {
    const id = idAt(to);
    if (id === undefined) return;
    session.select(extend ? [...session.selection().filter((other) => other !== id), id] : [id]);
    viewer.reveal(id);
    focusRow(id);
  };
  const nudge = (step: Point, far: boolean): void => {
    if (!session.isFree(annotation.id)) return;
    const [dx, dy] = [step[0] * (far ? 10 : 1), step[1] * (far ? 10 : 1)];
    session.apply("Nudged", (document) => move(document, [annotation.id], [dx, dy], session.size), `nudge ${annotation.id}`);
  };
  const drop = (): void => {
    const next = idAt(place + 1) ?? idAt(place - 1);
    session.apply("Deleted", (document) => remove(document, [annotation.id]));
    if (next !== undefined) {
      session.select([next]);
      focusRow(next);
    }
  };
  return (event) => {
    const step = STEPS[event.key];
    const to = destination(event.key, place, of);
    const use = (act: () => void): void => {
      event.preventDefault();
      event.stopPropagation();
      act();
    };
    if (event.ctrlKey || event.metaKey) return;
    if (event.altKey && step && !readOnly) use(() => nudge(step, event.shiftKey));
    else if (!event.altKey && to !== null && !event.key.startsWith("Page")) use(() => go(to, event.shiftKey));
    else if (event.key === "F2" && !readOnly) use(rename);
    else if ((event.key === "Delete" || event.key === "Backspace") && !readOnly && session.isFree(annotation.id)) use(drop);
  };
}

/** One object of the list: what it is, whether it is seen and locked, and what can be done to it. */
export function ObjectRow(props: RowProps) {
  const { annotation, workspace, top, place, of, selected, reachable } = props;
  const { labels, viewer, readOnly } = useLabeling();
  const { session } = workspace;
  const [renaming, setRenaming] = useState(false);
  const hidden = useSession(workspace, (state) => state.hidden.has(annotation.id));
  const onKeyDown = useRowKeys(props, () => setRenaming(true));
  const label = labels.find((entry) => entry.label.id === annotation.label)?.label;
  const draft = isDraft(annotation);
  const notes = Object.entries(annotation.attributes).flatMap(([name, value]) => (value === true ? [name] : []));
  const choose = (extend: boolean): void => {
    session.select(extend ? toggled(session.selection(), annotation.id) : [annotation.id]);
    viewer.reveal(annotation.id);
  };
  return (
    <li
      className={classes["object"]}
      style={{ transform: `translateY(${top}px)` }}
      data-testid="object-row"
      data-draft={draft}
      data-selected={selected}
      data-out-of-sight={hidden}
      aria-setsize={of}
      aria-posinset={place}
      onPointerEnter={() => session.hover(annotation.id)}
      onPointerLeave={() => session.hover(null)}
    >
      {renaming ? (
        <Rename annotation={annotation} workspace={workspace} onDone={() => (setRenaming(false), focusRow(annotation.id))} />
      ) : (
        <button
          type="button"
          data-row={annotation.id}
          tabIndex={reachable ? 0 : -1}
          aria-pressed={selected}
          aria-keyshortcuts="Alt+ArrowLeft Alt+ArrowRight Alt+ArrowUp Alt+ArrowDown F2 Delete"
          title={notes.join(", ") || undefined}
          onKeyDown={onKeyDown}
          onClick={(event) => choose(event.shiftKey)}
          onDoubleClick={() => !readOnly && setRenaming(true)}
        >
          <span className={classes["swatch"]} data-draft={draft} style={{ "--swatch": label?.color } as React.CSSProperties} />
          <span className={classes["grow"]}>{label?.name ?? "?"}</span>
          <span className={classes["kind"]}>{kindOf(annotation.shape).title}</span>
          {notes.length > 0 && (
            <span className={classes["notes"]} aria-label={notes.join(", ")}>
              {notes.map((name) => name.charAt(0).toUpperCase()).join("")}
            </span>
          )}
          {draft && annotation.confidence !== null && <span className={classes["confidence"]}>{percent(annotation.confidence)}</span>}
        </button>
      )}
      <RowButtons annotation={annotation} workspace={workspace} place={place} hidden={hidden} />
    </li>
  );
}

function Rename({ annotation, workspace: { session }, onDone }: { annotation: Annotation; workspace: Workspace; onDone: () => void }) {
  const { labels } = useLabeling();
  return (
    <NativeSelect
      size="xs"
      autoFocus
      aria-label="Label of the object"
      data-testid="rename-object"
      className={classes["grow"] ?? ""}
      value={String(annotation.label)}
      onChange={(event) => session.relabel([annotation.id], Number(event.currentTarget.value))}
      onBlur={onDone}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter" || event.key === "Escape") onDone();
      }}
      data={labels.map(({ label }) => ({ value: String(label.id), label: label.name }))}
    />
  );
}

function RowButtons({ annotation, workspace, place, hidden }: { annotation: Annotation; workspace: Workspace; place: number; hidden: boolean }) {
  const { readOnly } = useLabeling();
  const { session } = workspace;
  const locked = useSession(workspace, (state) => state.locked.has(annotation.id));
  const draft = isDraft(annotation);
  const judge = (title: string, action: typeof accept): void => session.apply(title, (document) => action(document, [annotation.id]));
  return (
    <>
      <RowButton quiet={!hidden} label={hidden ? `Show object ${place}` : `Hide object ${place}`} onClick={() => toggleHidden(session, [annotation.id])}>
        {hidden ? <IconEyeOff size={15} /> : <IconEye size={15} />}
      </RowButton>
      {!readOnly && (
        <RowButton quiet={!locked} label={locked ? `Unlock object ${place}` : `Lock object ${place}`} onClick={() => toggleLocked(session, [annotation.id])}>
          {locked ? <IconLock size={15} /> : <IconLockOpen size={15} />}
        </RowButton>
      )}
      {draft && !readOnly && (
        <RowButton color="pine" label={`Accept draft ${place}`} onClick={() => judge("Accepted", accept)}>
          <IconCheck size={15} />
        </RowButton>
      )}
      {!readOnly && !locked && (
        <RowButton label={draft ? `Reject draft ${place}` : `Delete object ${place}`} onClick={() => (draft ? judge("Rejected", reject) : judge("Deleted", remove))}>
          <IconX size={15} />
        </RowButton>
      )}
    </>
  );
}

interface RowButtonProps {
  label: string;
  color?: string;
  /** Seen only while the row is pointed at or holds the focus. */
  quiet?: boolean;
  onClick: () => void;
  children: React.ReactNode;
}

function RowButton({ label, color = "gray", quiet = false, onClick, children }: RowButtonProps) {
  return (
    <ActionIcon size={24} variant="subtle" color={color} tabIndex={-1} aria-label={label} title={label} data-quiet={quiet} onClick={onClick}>
      {children}
    </ActionIcon>
  );
}
