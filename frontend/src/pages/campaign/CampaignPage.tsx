import { Anchor, Badge, Box, Button, Group, Tabs, Text } from "@mantine/core";
import { IconActivity, IconBox, IconChartHistogram, IconCompass, IconDownload, IconPencil, IconPhoto, IconRefreshDot, IconSchool, IconTag, IconUsers, IconWand } from "@tabler/icons-react";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useCampaign } from "@/api/campaigns";
import type { Campaign } from "@/api/types";
import { askable, labeled } from "@/parts/counts";
import { PageHeader } from "@/parts/PageHeader";
import { Loaded, LoadingRows } from "@/parts/states";
import { StateBar } from "@/parts/StateBar";
import { ImagesTab } from "./images/ImagesTab";
import { openTool, scopeNow } from "./images/openTool";
import { useGallery } from "./images/store";
import { mayLabel } from "./roles";
import { useRunWatch } from "./useRunWatch";
import { WhatNext } from "./WhatNext";

const ExploreTab = lazy(() => import("./explore/ExploreTab").then((module) => ({ default: module.ExploreTab })));
const LabelsTab = lazy(() => import("./labels/LabelsTab").then((module) => ({ default: module.LabelsTab })));
const ModelsTab = lazy(() => import("./models/ModelsTab").then((module) => ({ default: module.ModelsTab })));
const PredictTab = lazy(() => import("./predict/PredictTab").then((module) => ({ default: module.PredictTab })));
const RoundsTab = lazy(() => import("./rounds/RoundsTab").then((module) => ({ default: module.RoundsTab })));
const TrainingTab = lazy(() => import("./training/TrainingTab").then((module) => ({ default: module.TrainingTab })));
const StatisticsTab = lazy(() => import("./statistics/StatisticsTab").then((module) => ({ default: module.StatisticsTab })));
const PeopleTab = lazy(() => import("./people/PeopleTab").then((module) => ({ default: module.PeopleTab })));
const ExportTab = lazy(() => import("./exports/ExportTab").then((module) => ({ default: module.ExportTab })));
const RunsTab = lazy(() => import("./RunsTab").then((module) => ({ default: module.RunsTab })));

const TABS = [
  { name: "images", icon: IconPhoto, Panel: ImagesTab },
  { name: "labels", icon: IconTag, Panel: LabelsTab },
  { name: "explore", icon: IconCompass, Panel: ExploreTab },
  { name: "models", icon: IconBox, Panel: ModelsTab },
  { name: "training", icon: IconSchool, Panel: TrainingTab },
  { name: "rounds", icon: IconRefreshDot, Panel: RoundsTab },
  { name: "statistics", icon: IconChartHistogram, Panel: StatisticsTab },
  { name: "predict", icon: IconWand, Panel: PredictTab },
  { name: "people", icon: IconUsers, Panel: PeopleTab },
  { name: "export", icon: IconDownload, Panel: ExportTab },
  { name: "runs", icon: IconActivity, Panel: RunsTab },
] as const;

const REFRESH_MS = 10_000;

function Header({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const { images, held_back: heldBack, excluded } = campaign.counts;
  return (
    <PageHeader
      title={campaign.name}
      above={
        <Anchor component={Link} to="/campaigns" size="sm">
          {t("nav.campaigns")}
        </Anchor>
      }
      subtitle={
        <Group gap="sm">
          <Badge color="pine">{t(`tasks.${campaign.task}`)}</Badge>
          <Text size="sm" c="dimmed" className="winnow-numbers" data-testid="campaign-counts">
            {images === 0 ? t("campaigns.noImages") : t("campaigns.labeledOf", { labeled: labeled(campaign.counts), images: askable(campaign.counts) })}
            {heldBack > 0 && ` · ${t("campaigns.heldBack", { count: heldBack })}`}
            {excluded > 0 && ` · ${t("campaigns.excluded", { count: excluded })}`}
          </Text>
          {images > 0 && (
            <Box w={220}>
              <StateBar counts={campaign.counts} legend={false} />
            </Box>
          )}
        </Group>
      }
      actions={mayLabel(campaign.role) && <LabelButton campaign={campaign} />}
    />
  );
}

/** Opens the labeling tool on the selection, else on what the filter shows, else on the queue, and says which. */
function LabelButton({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const scope = useGallery(campaign.id, scopeNow);
  const count = useGallery(campaign.id, (state) => (scope === "selection" ? state.selection.ids.size : state.ids.length));
  return (
    <Button
      size="md"
      leftSection={<IconPencil size={18} />}
      disabled={campaign.counts.images === 0 || (scope === "filter" && count === 0)}
      onClick={() => openTool(navigate, campaign.id, scope)}
      data-testid="label-now"
      data-scope={scope}
    >
      {scope === "queue" ? t("campaign.label") : t(`campaign.labelScope.${scope}`, { count })}
    </Button>
  );
}

function CampaignTabs({ campaign, tab }: { campaign: Campaign; tab: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const active = TABS.some((one) => one.name === tab) ? tab : "images";
  return (
    <Tabs value={active} onChange={(name) => void navigate({ to: "/campaigns/$campaignId/$tab", params: { campaignId: campaign.id, tab: name ?? "images" }, search: {} })}>
      <Tabs.List mb="lg">
        {TABS.map(({ name, icon: Icon }) => (
          <Tabs.Tab key={name} value={name} leftSection={<Icon size={16} stroke={1.8} />} px={12} data-testid={`tab-${name}`}>
            {t(`campaign.tabs.${name}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {TABS.map(({ name, Panel }) => (
        <Tabs.Panel key={name} value={name}>
          <Suspense fallback={<LoadingRows />}>
            <Panel campaign={campaign} />
          </Suspense>
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

export function CampaignPage() {
  const { campaignId, tab = "images" } = useParams({ strict: false }) as { campaignId: number; tab?: string };
  useRunWatch(campaignId);
  const query = useCampaign(campaignId, { refetchInterval: REFRESH_MS });
  return (
    <Loaded query={query}>
      {(campaign) => (
        <>
          <Header campaign={campaign} />
          <WhatNext campaign={campaign} />
          <CampaignTabs campaign={campaign} tab={tab} />
        </>
      )}
    </Loaded>
  );
}
