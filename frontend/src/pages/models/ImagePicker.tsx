import { Select, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { thumbnailUrl } from "@/api/thumbnails";
import type { CampaignImage } from "@/api/types";
import classes from "./ImagePicker.module.css";

const SHOWN = 24;
const THUMB_PX = 160;

interface Props {
  images: readonly CampaignImage[];
  value: string | null;
  onChange: (id: string) => void;
}

/** The image to try a model with: by its looks, or by its name. Arrow keys go through the pictures. */
export function ImagePicker({ images, value, onChange }: Props) {
  const { t } = useTranslation();
  const chosen = images.find((one) => String(one.id) === value);
  return (
    <Stack gap={6}>
      <fieldset className={classes["strip"]}>
        <legend className="winnow-hidden">{t("test.image")}</legend>
        {images.slice(0, SHOWN).map((one) => (
          <label key={one.id} className={classes["picture"]} title={one.name}>
            <input type="radio" name="test-image" value={one.id} checked={String(one.id) === value} onChange={() => onChange(String(one.id))} data-testid={`pick-image-${one.id}`} />
            <img src={thumbnailUrl(one.id, THUMB_PX)} alt={one.name} loading="lazy" />
          </label>
        ))}
      </fieldset>
      {images.length > SHOWN ? (
        <Select aria-label={t("test.image")} w={300} searchable value={value} onChange={(id) => id !== null && onChange(id)} data={images.map((one) => ({ value: String(one.id), label: one.name }))} />
      ) : (
        chosen !== undefined && (
          <Text size="sm" c="dimmed">
            {chosen.name}
          </Text>
        )
      )}
    </Stack>
  );
}
