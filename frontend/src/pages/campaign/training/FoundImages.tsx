import { Button, Group, Slider, Stack, Text } from "@mantine/core";
import { IconPhoto } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { thumbnailUrl } from "@/api/thumbnails";
import { useFound } from "@/api/oneLabel";
import type { Campaign } from "@/api/types";
import { Loaded } from "@/parts/states";
import { useShow } from "../explore/useShow";
import classes from "./FoundImages.module.css";

const SHOWN = 24;
const SURE = 0.5;

/** Images in which a label was found, the likeliest first, from a probability on; all of them open in the gallery in this order. */
export function FoundImages({ campaign, model }: { campaign: Campaign; model: number }) {
  const { t } = useTranslation();
  const query = useFound(campaign.id, model, true);
  const [chosen, setLeast] = useState<number | null>(null);
  const show = useShow(campaign.id);
  return (
    <Loaded query={query}>
      {({ answered, images }) => {
        // Where nothing is likely, the likeliest are what one wants to see.
        const least = chosen ?? (images.some(({ confidence }) => confidence >= SURE) ? SURE : 0);
        const found = images.filter(({ confidence }) => confidence >= least);
        return (
          <Stack gap="sm" data-testid="found-images" data-count={found.length}>
            <Group justify="space-between">
              <Text size="sm" className="winnow-numbers">
                {t("oneLabel.found", { count: found.length, answered, least: least.toFixed(2) })}
              </Text>
              <Group gap="md">
                <Slider aria-label={t("oneLabel.least")} w={180} min={0} max={1} step={0.01} value={least} onChange={setLeast} label={(value) => value.toFixed(2)} />
                <Button size="xs" variant="default" leftSection={<IconPhoto size={14} />} disabled={found.length === 0} onClick={() => show(t("oneLabel.shown"), found.map(({ image }) => image))} data-testid="found-in-gallery">
                  {t("oneLabel.gallery")}
                </Button>
              </Group>
            </Group>
            <ul className={classes["grid"]}>
              {found.slice(0, SHOWN).map(({ image, confidence }) => (
                <li key={image}>
                  <Link to="/campaigns/$campaignId/label" params={{ campaignId: campaign.id }} search={{ image }} aria-label={t("oneLabel.open", { id: image, confidence: confidence.toFixed(2) })}>
                    <img src={thumbnailUrl(image)} alt="" loading="lazy" />
                    <span className="winnow-numbers">{confidence.toFixed(2)}</span>
                  </Link>
                </li>
              ))}
            </ul>
          </Stack>
        );
      }}
    </Loaded>
  );
}
