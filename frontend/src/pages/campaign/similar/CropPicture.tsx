import { Text } from "@mantine/core";
import { type KeyboardEvent, type PointerEvent, useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import { type Crop, dragged, MIDDLE, nudged, type Spot } from "./crop";
import classes from "./Similar.module.css";

interface Props {
  src: string;
  name: string;
  crop: Crop | null;
  onCrop: (crop: Crop | null) => void;
}

/** A picture on which a part is drawn with the pointer, or set with the arrow keys. */
export function CropPicture({ src, name, crop, onCrop }: Props) {
  const { t } = useTranslation();
  const hint = useId();
  const box = useRef<HTMLDivElement>(null);
  const from = useRef<Spot | null>(null);
  const spotOf = (event: PointerEvent): Spot => {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / height };
  };
  const key = (event: KeyboardEvent): void => {
    const next = event.key === "Delete" || event.key === "Escape" ? null : event.key === "Enter" && crop === null ? MIDDLE : nudged(crop ?? MIDDLE, event.key, event.shiftKey);
    if (next === null && (crop === null || !["Delete", "Escape"].includes(event.key))) return;
    event.preventDefault();
    event.stopPropagation();
    onCrop(next);
  };
  return (
    <div>
      <div
        ref={box}
        className={classes["picture"]}
        role="group"
        aria-label={t("similar.part", { name })}
        aria-describedby={hint}
        tabIndex={0}
        onKeyDown={key}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          from.current = spotOf(event);
        }}
        onPointerMove={(event) => from.current !== null && onCrop(dragged(from.current, spotOf(event)))}
        onPointerUp={(event) => {
          if (from.current !== null) onCrop(dragged(from.current, spotOf(event)));
          from.current = null;
        }}
        onPointerCancel={() => {
          from.current = null;
        }}
        data-testid="crop-picture"
        data-cropped={crop !== null || undefined}
      >
        <img src={src} alt={name} draggable={false} />
        {crop !== null && (
          <span
            className={classes["crop"]}
            aria-hidden="true"
            style={{ left: `${crop.x0 * 100}%`, top: `${crop.y0 * 100}%`, width: `${(crop.x1 - crop.x0) * 100}%`, height: `${(crop.y1 - crop.y0) * 100}%` }}
          />
        )}
      </div>
      <Text id={hint} size="xs" c="dimmed" mt={4}>
        {t("similar.partHint")}
      </Text>
    </div>
  );
}
