import { Badge, Card, Group, Stack, Text, Title } from "@mantine/core";
import { IconPhoto } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCover } from "@/api/images";
import { thumbnailUrl } from "@/api/thumbnails";
import type { Campaign } from "@/api/types";
import { percentLabeled } from "@/parts/counts";
import { LabelChip } from "@/parts/LabelChip";
import { StateBar } from "@/parts/StateBar";
import classes from "./CampaignCard.module.css";

const SHOWN_LABELS = 5;
const COVER_IMAGES = 4;

/** The first images, so that a campaign is known at a glance. */
function Cover({ campaign }: { campaign: Campaign }) {
  const cover = useCover(campaign.id, COVER_IMAGES, campaign.counts.images > 0);
  return (
    <div className={classes["cover"]} aria-hidden="true">
      {(cover.data ?? []).map((image) => (
        <img key={image.id} src={thumbnailUrl(image.id)} alt="" loading="lazy" decoding="async" />
      ))}
      {campaign.counts.images === 0 && <IconPhoto size={30} stroke={1.4} />}
    </div>
  );
}

export function CampaignCard({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const { images } = campaign.counts;
  const percent = percentLabeled(campaign.counts);
  return (
    <Card component="article" className={classes["card"]} data-testid="campaign-card">
      <Card.Section>
        <Cover campaign={campaign} />
      </Card.Section>
      <Stack gap="md" pt="md" justify="space-between" className={classes["text"]}>
        <div>
          <Group justify="space-between" align="flex-start" wrap="nowrap" gap="sm">
            <Title order={2} fz={18} lh={1.3}>
              <Link to="/campaigns/$campaignId" params={{ campaignId: campaign.id }} className={classes["link"]}>
                {campaign.name}
              </Link>
            </Title>
            <Badge color="gray">{t(`tasks.${campaign.task}`)}</Badge>
          </Group>
          <Group gap={6} mt="sm">
            {campaign.labels.slice(0, SHOWN_LABELS).map((label) => (
              <LabelChip key={label.id} label={label} />
            ))}
            {campaign.labels.length > SHOWN_LABELS && (
              <Text size="xs" c="dimmed">
                {t("campaigns.moreLabels", { count: campaign.labels.length - SHOWN_LABELS })}
              </Text>
            )}
          </Group>
        </div>
        <div>
          <Group justify="space-between" mb={6}>
            <Text size="sm" className="winnow-numbers">
              {images === 0 ? t("campaigns.noImages") : t("campaigns.images", { count: images })}
            </Text>
            {images > 0 && (
              <Text size="sm" fw={600} className="winnow-numbers">
                {t("campaigns.percentLabeled", { percent })}
              </Text>
            )}
          </Group>
          <StateBar counts={campaign.counts} legend={false} />
        </div>
      </Stack>
    </Card>
  );
}
