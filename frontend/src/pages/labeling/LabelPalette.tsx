import { Kbd } from "@mantine/core";
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type RefObject } from "react";
import { usePreferences } from "@/api/preferences";
import { giveLabel } from "./commands";
import { keyText, useKeys } from "@/keys/KeyHint";
import { contextOf, useDesk, useLabeling } from "./LabelingContext";
import classes from "./Labeling.module.css";
import type { LabelKey } from "./label-keys";
import { found, hintsOf, ordered, type Offer, type Why } from "./label-order";
import type { Workspace } from "./workspace";

const WORDS: Readonly<Record<Exclude<Why, null>, readonly [mark: string, meaning: string]>> = {
  image: ["image", "The image is labeled so"],
  recent: ["recent", "Given lately"],
  guess: ["guess", "A model's guess for this image"],
};

/** Why a label stands where it stands. */
export function WhyMark({ why }: { why: Why }) {
  return why === null ? null : (
    <span className={classes["why"]} title={WORDS[why][1]}>
      {WORDS[why][0]}
    </span>
  );
}

/** Keys belong to labels, not to places; said where it could be taken otherwise. */
export function LabelNote({ moved }: { moved: boolean }) {
  const [key] = useKeys("label-by-name");
  return (
    <p className={classes["quiet"]}>
      {key !== undefined && (
        <>
          <Kbd size="xs">{keyText(key)}</Kbd> finds a label by name.{" "}
        </>
      )}
      {moved && "A key stays with its label, wherever it stands."}
    </p>
  );
}

/** Labels as they are offered on an image. The order holds while the image is on the desk: nothing moves under the pointer. */
export function useOfferedLabels(workspace: Workspace): readonly Offer<LabelKey>[] {
  const { labels, preferences } = useLabeling();
  const smart = (usePreferences()?.label_order ?? "smart") === "smart";
  const hints = useMemo(() => hintsOf(workspace.session.document(), preferences.getState().recent), [workspace, preferences]);
  return useMemo(() => ordered(labels, ({ label }) => label.id, smart ? hints : NO_HINTS), [labels, hints, smart]);
}

const NO_HINTS = { image: [], recent: [], guesses: [] };
const WIDTH_PX = 264;
const HEIGHT_PX = 340;

/** Near the pointer, and on the page. */
function placeNear([x, y]: readonly [number, number]): { left: number; top: number } {
  return { left: Math.max(8, Math.min(x, window.innerWidth - WIDTH_PX - 8)), top: Math.max(8, Math.min(y, window.innerHeight - HEIGHT_PX - 8)) };
}

/** Where the pointer was seen last over the image; before that, the middle of it. */
export function usePointerPlace(canvas: RefObject<HTMLElement | null>): () => readonly [number, number] {
  const place = useRef<readonly [number, number] | null>(null);
  useEffect(() => {
    const note = (event: PointerEvent): void => {
      if (event.target instanceof Node && canvas.current?.contains(event.target)) place.current = [event.clientX, event.clientY];
    };
    window.addEventListener("pointermove", note, { passive: true });
    return () => window.removeEventListener("pointermove", note);
  }, [canvas]);
  return useCallback(() => {
    const bounds = canvas.current?.getBoundingClientRect();
    return place.current ?? (bounds ? [bounds.left + bounds.width / 2, bounds.top + bounds.height / 3] : [200, 200]);
  }, [canvas]);
}

/** Type a part of a label's name, Enter takes it: for the selection, else for the next object. */
export function LabelPalette({ at, onClose }: { at: readonly [number, number]; onClose: () => void }) {
  const current = useDesk((state) => state.current);
  return current && <Palette workspace={current} at={at} onClose={onClose} />;
}

function Palette({ workspace, at, onClose }: { workspace: Workspace; at: readonly [number, number]; onClose: () => void }) {
  const labeling = useLabeling();
  const { labels, preferences, focusCanvas } = labeling;
  const [typed, setTyped] = useState("");
  const [marked, setMarked] = useState(0);
  const offers = useMemo(() => ordered(labels, ({ label }) => label.id, hintsOf(workspace.session.document(), preferences.getState().recent)), [labels, workspace, preferences]);
  const shown = useMemo(() => found(offers, ({ entry }) => entry.label.name, typed), [offers, typed]);
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    // The promise that newer browsers answer with would be taken for the way to clean up.
    void list.current?.children[marked]?.scrollIntoView?.({ block: "nearest" });
  }, [marked, shown]);
  const close = (): void => {
    onClose();
    focusCanvas();
  };
  const choose = (offer: Offer<LabelKey> | undefined): void => {
    const context = contextOf(labeling);
    if (offer && context) giveLabel(context, offer.entry.label.id);
    if (offer) workspace.effort.input();
    if (offer) close();
  };
  const keys = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) setMarked((now) => (shown.length === 0 ? 0 : (now + step + shown.length) % shown.length));
    else if (event.key === "Enter") choose(shown[marked]);
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={classes["palette"]} style={placeNear(at)} role="dialog" aria-label="Choose a label" data-testid="label-palette">
      <input
        autoFocus
        className={classes["paletteField"]}
        role="combobox"
        aria-expanded
        aria-controls="palette-labels"
        aria-activedescendant={shown[marked] ? `palette-${shown[marked].entry.label.id}` : undefined}
        aria-label="A part of the label's name"
        placeholder="Type a part of the name"
        data-testid="palette-field"
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setMarked(0);
        }}
        onKeyDown={keys}
        onBlur={onClose}
      />
      <ul ref={list} id="palette-labels" role="listbox" aria-label="Labels">
        {shown.map((offer, place) => (
          <PaletteRow key={offer.entry.label.id} offer={offer} marked={place === marked} onPoint={() => setMarked(place)} onChoose={() => choose(offer)} />
        ))}
      </ul>
      {shown.length === 0 && <p className={classes["quiet"]}>No label has this in its name.</p>}
    </div>
  );
}

interface RowProps {
  offer: Offer<LabelKey>;
  marked: boolean;
  onPoint: () => void;
  onChoose: () => void;
}

function PaletteRow({ offer: { entry, why }, marked, onPoint, onChoose }: RowProps) {
  const { label, key } = entry;
  return (
    <li
      id={`palette-${label.id}`}
      role="option"
      aria-selected={marked}
      data-testid="palette-label"
      onPointerMove={onPoint}
      // Before the field loses the focus, which would close the palette.
      onPointerDown={(event) => {
        event.preventDefault();
        onChoose();
      }}
    >
      <span className={classes["swatch"]} style={{ background: label.color }} />
      <span className={classes["grow"]}>{label.name}</span>
      <WhyMark why={why} />
      {key !== null && <Kbd size="xs">{keyText(key)}</Kbd>}
    </li>
  );
}
