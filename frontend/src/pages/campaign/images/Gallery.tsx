import { Checkbox, Text } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { IconFlagFilled } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { thumbnailUrl } from "@/api/images";
import type { CampaignImage, Label } from "@/api/types";
import classes from "./Gallery.module.css";

const TILE_PX = 184;
const GAP_PX = 14;
const CAPTION_PX = 46;

interface TileProps {
  image: CampaignImage;
  labels: ReadonlyMap<number, Label>;
  selected: boolean;
  onSelect: (id: number, range: boolean) => void;
}

const Tile = memo(function Tile({ image, labels, selected, onSelect }: TileProps) {
  const { t } = useTranslation();
  const used = image.labels.flatMap((id) => labels.get(id) ?? []);
  const state = t(`images.state.${image.state}`);
  return (
    <li className={classes["tile"]} data-selected={selected || undefined} data-testid="image-tile">
      <Link
        to="/campaigns/$campaignId/label"
        params={{ campaignId: image.campaign }}
        search={{ image: image.id }}
        preload={false}
        className={classes["link"]}
        aria-label={t("images.open", { name: image.name, state })}
      >
        <span className={classes["picture"]}>
          <img src={thumbnailUrl(image.id)} alt="" loading="lazy" decoding="async" />
          <span className={classes["state"]} data-state={image.state}>
            {state}
          </span>
          {image.flagged && <IconFlagFilled size={16} className={classes["flag"]} aria-label={t("images.flagged")} />}
        </span>
        <span className={classes["caption"]}>
          <Text size="xs" truncate component="span" display="block">
            {image.name}
          </Text>
          <span className={classes["labels"]}>
            {used.slice(0, 3).map((label) => (
              <span key={label.id} className={classes["label"]}>
                <i style={{ background: label.color }} />
                {label.name}
              </span>
            ))}
            {used.length > 3 && <span>+{used.length - 3}</span>}
            {used.length === 0 && (
              <span>
                {image.width} × {image.height}
              </span>
            )}
          </span>
        </span>
      </Link>
      <Checkbox
        className={classes["check"]}
        checked={selected}
        onChange={() => undefined}
        onClick={(event) => onSelect(image.id, event.shiftKey)}
        aria-label={t("images.select", { name: image.name })}
        size="sm"
      />
    </li>
  );
});

interface Props {
  images: readonly CampaignImage[];
  labels: readonly Label[];
  selected: ReadonlySet<number>;
  onSelect: (id: number, range: boolean) => void;
  hasMore: boolean;
  onMore: () => void;
}

/** Thumbnails in rows of which only the visible ones exist; the next page is asked for before the end shows. */
export function Gallery({ images, labels, selected, onSelect, hasMore, onMore }: Props) {
  const { t } = useTranslation();
  const { ref: sizeRef, width } = useElementSize();
  const list = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);
  const columns = Math.max(2, Math.floor((width + GAP_PX) / (TILE_PX + GAP_PX)));
  const tileWidth = width === 0 ? TILE_PX : (width - GAP_PX * (columns - 1)) / columns;
  const rowHeight = Math.round(tileWidth * 0.78) + CAPTION_PX + GAP_PX;
  const rows = Math.ceil(images.length / columns);
  const byId = useMemo(() => new Map(labels.map((label) => [label.id, label])), [labels]);
  const virtual = useWindowVirtualizer({ count: rows, estimateSize: () => rowHeight, overscan: 4, scrollMargin: margin });
  useEffect(() => {
    virtual.measure();
  }, [virtual, rowHeight]);
  useEffect(() => {
    // What stands above changes height (panels open, runs appear), and with it the page: then the start of the list is read again.
    const read = () => setMargin((list.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
    const observer = new ResizeObserver(read);
    observer.observe(document.body);
    read();
    return () => observer.disconnect();
  }, []);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows - 4) onMore();
  }, [hasMore, last, rows, onMore]);
  const merged = useMergedRef(sizeRef, list);
  return (
    <div ref={merged} style={{ position: "relative", height: virtual.getTotalSize() }} data-testid="gallery">
      {items.map((row) => (
        <ul
          key={row.key}
          className={classes["row"]}
          aria-label={t("images.row", { number: row.index + 1 })}
          style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`, gap: GAP_PX, height: rowHeight - GAP_PX, transform: `translateY(${row.start - margin}px)` }}
        >
          {images.slice(row.index * columns, (row.index + 1) * columns).map((image) => (
            <Tile key={image.id} image={image} labels={byId} selected={selected.has(image.id)} onSelect={onSelect} />
          ))}
        </ul>
      ))}
    </div>
  );
}
