import { Anchor, Badge, Group, SimpleGrid, Stack } from "@mantine/core";
import { IconFlag } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCampaign } from "@/api/campaigns";
import { useCheckpoints, useCurrentModel } from "@/api/learning";
import { useModel } from "@/api/models";
import type { Campaign, RegisteredModel } from "@/api/types";
import { modelTitle } from "@/parts/modelTitle";
import { PageHeader } from "@/parts/PageHeader";
import { EmptyState, Loaded } from "@/parts/states";
import { CheckpointCard } from "./CheckpointCard";
import { PromotionHistory } from "./PromotionHistory";
import { SnapshotCard } from "./SnapshotCard";

function Checkpoints({ campaign, model }: { campaign: Campaign; model: RegisteredModel }) {
  const { t } = useTranslation();
  const query = useCheckpoints(model.id);
  const current = useCurrentModel(campaign.id);
  const is = current.data?.model?.id === model.id;
  return (
    <>
      <PageHeader
        title={modelTitle(model)}
        above={
          <Group gap={6}>
            <Anchor component={Link} to={`/campaigns/${campaign.id}`} size="sm">
              {campaign.name}
            </Anchor>
            ›
            <Anchor component={Link} to={`/campaigns/${campaign.id}/models`} size="sm">
              {t("campaign.tabs.models")}
            </Anchor>
          </Group>
        }
        subtitle={
          <Group gap="sm">
            {t("checkpoints.subtitle")}
            {is && (
              <Badge color="pine" leftSection={<IconFlag size={12} />} data-testid="is-current">
                {t("currentModel.current")}
              </Badge>
            )}
          </Group>
        }
      />
      <Loaded query={query}>
        {(origin) => (
          <Stack>
            {origin.checkpoints.length === 0 ? (
              <EmptyState icon={<IconFlag size={26} />} title={t("checkpoints.noneTitle")}>
                {t("checkpoints.none")}
              </EmptyState>
            ) : (
              <SimpleGrid cols={{ base: 1, md: 2 }}>
                {origin.checkpoints.map((one) => (
                  <CheckpointCard key={one.id} campaign={campaign} model={model} checkpoint={one} current={current.data} />
                ))}
              </SimpleGrid>
            )}
            {origin.snapshot !== null && <SnapshotCard campaign={campaign} origin={origin} />}
            <PromotionHistory campaign={campaign} />
          </Stack>
        )}
      </Loaded>
    </>
  );
}

/** What is known of a model that was trained here: its checkpoints, what they learned from, and when the campaign went by it. */
export function CheckpointsPage() {
  const { campaignId, modelId } = useParams({ strict: false }) as { campaignId: number; modelId: number };
  const campaign = useCampaign(campaignId);
  const model = useModel(modelId);
  return <Loaded query={campaign}>{(found) => <Loaded query={model}>{(one) => <Checkpoints campaign={found} model={one} />}</Loaded>}</Loaded>;
}
