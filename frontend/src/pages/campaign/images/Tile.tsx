import { Checkbox, Kbd, Text } from "@mantine/core";
import { IconDots, IconFlagFilled, IconStarFilled, IconX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { memo, useCallback, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { type GalleryImage } from "@/api/gallery";
import { thumbnailOf } from "@/api/thumbnails";
import type { Label } from "@/api/types";
import classes from "./Gallery.module.css";
import type { Rows } from "./rows";
import type { Look } from "./store";

export interface TileProps {
  id: number;
  campaign: number;
  rows: Rows;
  labels: ReadonlyMap<number, Label>;
  look: Look;
  selected: boolean;
  /** The one tile that Tab reaches; its buttons are reachable with it. */
  active: boolean;
  column: number;
  /** Flying past: load nothing new. */
  fast: boolean;
  mayLabel: boolean;
  /** Pixels that the picture is wide, for a thumbnail of the right size. */
  width_px: number;
}

export function useRow(rows: Rows, id: number): GalleryImage | undefined {
  return useSyncExternalStore(
    useCallback((listener: () => void) => rows.subscribe(id, listener), [rows, id]),
    () => rows.get(id),
  );
}

function describe(image: GalleryImage, labels: ReadonlyMap<number, Label>, state: string): string {
  return [image.name, state, ...image.whole_labels.map(({ label }) => labels.get(label)?.name ?? "")].filter((part) => part !== "").join(", ");
}

/** One image of the gallery: a cell of the grid. What is pressed in it is read by the grid, from `data-act`. */
export const Tile = memo(function Tile({ id, campaign, rows, labels, look, selected, active, column, fast, mayLabel, width_px }: TileProps) {
  const { t } = useTranslation();
  const image = useRow(rows, id);
  const state = image === undefined ? "" : t(`images.state.${image.state}`);
  return (
    <div
      className={classes["tile"]}
      role="gridcell"
      aria-colindex={column + 1}
      aria-selected={selected}
      aria-label={image === undefined ? t("states.loading") : describe(image, labels, state)}
      tabIndex={active ? 0 : -1}
      data-image={id}
      data-selected={selected || undefined}
      data-look={look}
      data-excluded={image?.state === "excluded" || undefined}
      data-testid="image-tile"
    >
      <span className={classes["picture"]}>
        <Thumbnail id={id} wanted={!fast || image !== undefined} width_px={width_px} />
        {image !== undefined && (
          <span className={classes["state"]} data-state={image.state}>
            {state}
          </span>
        )}
        {image?.flagged === true && <IconFlagFilled size={16} className={classes["flag"]} aria-label={t("images.flagged")} role="img" />}
      </span>
      {image !== undefined && (
        <>
          <Caption image={image} campaign={campaign} labels={labels} look={look} active={active} mayLabel={mayLabel} />
          <Checkbox className={classes["check"]} checked={selected} readOnly tabIndex={active ? 0 : -1} data-act="check" aria-label={t("images.select", { name: image.name })} size="sm" />
          <button type="button" className={classes["more"]} data-act="menu" tabIndex={active ? 0 : -1} aria-haspopup="menu" aria-label={t("images.menuOf", { name: image.name })}>
            <IconDots size={16} aria-hidden="true" />
          </button>
        </>
      )}
    </div>
  );
});

/** Once asked for, a picture stays, however fast the page goes on. */
function Thumbnail({ id, wanted, width_px }: { id: number; wanted: boolean; width_px: number }) {
  const [asked, setAsked] = useState(wanted);
  if (wanted && !asked) setAsked(true);
  return asked && <img src={thumbnailOf(id, width_px)} alt="" loading="lazy" decoding="async" draggable={false} />;
}

interface CaptionProps {
  image: GalleryImage;
  campaign: number;
  labels: ReadonlyMap<number, Label>;
  look: Look;
  active: boolean;
  mayLabel: boolean;
}

function Caption({ image, campaign, labels, look, active, mayLabel }: CaptionProps) {
  const { t } = useTranslation();
  const named = image.whole_labels.flatMap(({ label, default: isDefault }) => {
    const known = labels.get(label);
    return known === undefined ? [] : [{ label: known, isDefault }];
  });
  const others = image.labels.flatMap((label) => (image.whole_labels.some((one) => one.label === label) ? [] : (labels.get(label) ?? [])));
  const [guess] = image.guesses ?? [];
  const guessed = guess === undefined || named.length > 0 ? undefined : labels.get(guess.label);
  return (
    <span className={classes["caption"]}>
      <Text size="xs" truncate component="span" display="block">
        <Link to="/campaigns/$campaignId/label" params={{ campaignId: campaign }} search={{ image: image.id }} preload={false} tabIndex={-1} className={classes["name"]} aria-label={t("images.open", { name: image.name, state: t(`images.state.${image.state}`) })}>
          {image.name}
        </Link>
      </Text>
      <span className={classes["labels"]}>
        {named.map(({ label, isDefault }) => (
          <Chip key={label.id} label={label} isDefault={isDefault} active={active} mayLabel={mayLabel} />
        ))}
        {others.map((label) => (
          <span key={label.id} className={classes["label"]}>
            <i style={{ background: label.color }} />
            {label.name}
          </span>
        ))}
        {guessed !== undefined && guess !== undefined && (
          <span className={classes["guess"]} data-testid="guess">
            <i style={{ background: guessed.color }} />
            {guess.confidence === null ? t("gallery.guess", { name: guessed.name }) : t("gallery.guessSure", { name: guessed.name, percent: Math.round(guess.confidence * 100) })}
            {look === "grid" && <Kbd size="xs">A</Kbd>}
          </span>
        )}
        {named.length + others.length === 0 && guessed === undefined && (
          <span className={classes["size"]}>
            {image.width} × {image.height}
          </span>
        )}
      </span>
    </span>
  );
}

/** A label of one image: its name makes it the default (a white frame), X takes it away. */
function Chip({ label, isDefault, active, mayLabel }: { label: Label; isDefault: boolean; active: boolean; mayLabel: boolean }) {
  const { t } = useTranslation();
  const tabIndex = active ? 0 : -1;
  return (
    <span className={classes["chip"]} data-default={isDefault || undefined} data-testid="image-label" style={{ "--label": label.color } as React.CSSProperties}>
      <button type="button" className={classes["chipName"]} data-act="default" data-label={label.id} tabIndex={tabIndex} disabled={!mayLabel} aria-pressed={isDefault} aria-label={t("gallery.makeDefault", { name: label.name })}>
        {isDefault ? <IconStarFilled size={10} aria-hidden="true" /> : <i />}
        {label.name}
      </button>
      {mayLabel && (
        <button type="button" className={classes["chipGo"]} data-act="unlabel" data-label={label.id} tabIndex={tabIndex} aria-label={t("gallery.takeAway", { name: label.name })}>
          <IconX size={12} aria-hidden="true" />
        </button>
      )}
    </span>
  );
}

