import { Button, Group, Menu, SimpleGrid, Skeleton } from "@mantine/core";
import { IconChevronDown, IconPlus, IconSparkles, IconStack2 } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCampaigns, useCreateSample } from "@/api/campaigns";
import { PageHeader } from "@/parts/PageHeader";
import { EmptyState, ErrorState } from "@/parts/states";
import { CampaignCard } from "./CampaignCard";

function useActions() {
  const { t } = useTranslation();
  const sample = useCreateSample();
  const navigate = useNavigate();
  const trySample = (task: "classification" | "detection" | "segmentation") =>
    sample.mutate(task, { onSuccess: ({ campaign }) => void navigate({ to: "/campaigns/$campaignId", params: { campaignId: campaign.id } }) });
  return (
    <>
      <Button.Group>
        <Button variant="default" leftSection={<IconSparkles size={17} />} onClick={() => trySample("classification")} loading={sample.isPending} data-testid="sample-campaign">
          {t("campaigns.sample")}
        </Button>
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" px={9} aria-label={t("campaigns.sampleTask")} data-testid="sample-task">
              <IconChevronDown size={16} />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{t("campaigns.sampleTask")}</Menu.Label>
            {(["classification", "detection", "segmentation"] as const).map((task) => (
              <Menu.Item key={task} onClick={() => trySample(task)}>
                {t(`tasks.${task}`)}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </Button.Group>
      <Button component={Link} to="/campaigns/new" leftSection={<IconPlus size={17} />} data-testid="new-campaign">
        {t("campaigns.new")}
      </Button>
    </>
  );
}

function Cards() {
  const { t } = useTranslation();
  const list = useCampaigns();
  const actions = useActions();
  if (list.isPending) {
    return (
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} role="status" aria-label={t("states.loading")}>
        {[0, 1, 2].map((index) => (
          <Skeleton key={index} height={190} radius="lg" />
        ))}
      </SimpleGrid>
    );
  }
  if (list.error !== null && list.items.length === 0) return <ErrorState error={list.error} onRetry={() => void list.refetch()} />;
  if (list.items.length === 0) {
    return (
      <EmptyState icon={<IconStack2 size={28} />} title={t("campaigns.emptyTitle")} actions={actions}>
        {t("campaigns.emptyText")}
      </EmptyState>
    );
  }
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="lg">
        {list.items.map((campaign) => (
          <CampaignCard key={campaign.id} campaign={campaign} />
        ))}
      </SimpleGrid>
      {list.hasNextPage && (
        <Group justify="center" mt="lg">
          <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t("states.more")}
          </Button>
        </Group>
      )}
    </>
  );
}

export function CampaignListPage() {
  const { t } = useTranslation();
  const list = useCampaigns();
  const actions = useActions();
  return (
    <>
      <PageHeader title={t("campaigns.title")} subtitle={t("campaigns.subtitle")} actions={list.items.length > 0 ? actions : undefined} />
      <Cards />
    </>
  );
}
