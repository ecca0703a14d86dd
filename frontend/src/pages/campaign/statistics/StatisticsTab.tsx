import { Button, Group, NumberInput, SegmentedControl, Select, Stack, Text } from "@mantine/core";
import { IconChartHistogram } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useViews } from "@/api/gallery";
import { useCurrentModel } from "@/api/learning";
import { useCampaignModels } from "@/api/models";
import { type CountedSlice, type Subject, useCountedSlices } from "@/api/statistics";
import type { Campaign, CampaignModel } from "@/api/types";
import { modelTitle } from "@/parts/modelTitle";
import { EmptyState, Loaded, LoadingRows } from "@/parts/states";
import { useScopes } from "../images/ScopeSelect";
import { mayReview } from "../roles";
import { ModelStatistics } from "./ModelStatistics";
import classes from "./StatisticsTab.module.css";
import { firstSlice } from "./slices";

const USUAL_IOU = 0.5;

/** The slices that every campaign has with how many images they have, what is chosen or filtered in the gallery, and saved views. */
function useSlices(campaign: Campaign, counted: readonly CountedSlice[]) {
  const { t } = useTranslation();
  const scopes = useScopes(campaign, []);
  const named = counted.map(({ slice, images }) => ({ value: slice as string, label: t("statistics.sliceOf", { slice: t(`statistics.slices.${slice}`), count: images }) }));
  const chosen = scopes.names.flatMap((name) =>
    name === "selection" || name === "filter" ? [{ value: JSON.stringify(scopes.imagesOf(name)), label: t(`statistics.slices.${name}`, { count: scopes.counts[name] }) }] : [],
  );
  const views = useViews(campaign.id).data ?? [];
  return [...named, ...chosen, ...views.map(({ id, name }) => ({ value: JSON.stringify({ view: id }), label: name }))];
}

interface MeasuredProps {
  campaign: Campaign;
  attached: readonly CampaignModel[];
  model: CampaignModel;
  setModel: (model: number) => void;
  counted: readonly CountedSlice[];
}

function Measured({ campaign, attached, model, setModel, counted }: MeasuredProps) {
  const { t } = useTranslation();
  const slices = useSlices(campaign, counted);
  const [wished, setSlice] = useState<string | null>(null);
  const [iou, setIou] = useState(USUAL_IOU);
  const known = wished !== null && slices.some((one) => one.value === wished) ? wished : firstSlice(counted);
  const subject: Subject = { campaign: campaign.id, model: model.model.id, slice: known, iou };
  return (
    <Stack>
      <Group align="flex-end" gap="lg">
        <Select
          label={t("statistics.model")}
          data={[...attached].reverse().map((one) => ({ value: String(one.model.id), label: modelTitle(one.model) }))}
          value={String(model.model.id)}
          onChange={(value) => setModel(Number(value))}
          allowDeselect={false}
          searchable
          w={300}
          data-testid="statistics-model"
        />
        <Stack gap={4} maw="100%">
          <Text size="sm" fw={500} id="statistics-slice">
            {t("statistics.slice")}
          </Text>
          <SegmentedControl className={classes["slices"] ?? ""} aria-labelledby="statistics-slice" data={slices} value={known} onChange={setSlice} data-testid="statistics-slice" />
        </Stack>
        {(campaign.task === "detection" || campaign.task === "keypoints" || (campaign.task === "segmentation" && campaign.settings.segmentation === "instance")) && (
          <NumberInput
            label={t(campaign.task === "keypoints" ? "statistics.oks" : "statistics.iou")} description={t("statistics.iouText")} w={190} min={0.05} max={1} step={0.05} decimalScale={2} value={iou}
            onChange={(value) => typeof value === "number" && value >= 0.05 && value <= 1 && setIou(value)} data-testid="statistics-iou"
          />
        )}
      </Group>
      {slices.length === counted.length && (
        <Text size="xs" c="dimmed">
          {t("statistics.slicesHelp")}
        </Text>
      )}
      <ModelStatistics key={subject.model} campaign={campaign} subject={subject} attached={attached} />
    </Stack>
  );
}

/** A model of the campaign, at first the one that it goes by, on the first slice that has something to show. */
function Chosen({ campaign, attached }: { campaign: Campaign; attached: readonly CampaignModel[] }) {
  const [wished, setModel] = useState<number | null>(null);
  const current = useCurrentModel(campaign.id);
  const named = (id: number | null | undefined) => attached.find((one) => one.model.id === id);
  const model = current.isPending ? undefined : (named(wished) ?? named(current.data?.model?.id) ?? attached.at(-1));
  const counted = useCountedSlices(campaign.id, model?.model.id);
  if (model === undefined) return <LoadingRows rows={3} />;
  return <Loaded query={counted}>{(found) => <Measured {...{ campaign, attached, model, setModel }} counted={found} />}</Loaded>;
}

/** How good each model of the campaign is, where it errs, and from what confidence on its answers count. */
export function StatisticsTab({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const query = useCampaignModels(campaign.id);
  if (!mayReview(campaign.role)) {
    return (
      <EmptyState icon={<IconChartHistogram size={26} />} title={t("statistics.notAllowed")}>
        {t("statistics.notAllowedText")}
      </EmptyState>
    );
  }
  return (
    <Loaded query={query}>
      {(attached) => {
        const able = attached.filter(({ model }) => model.kind !== "promptable");
        if (able.length > 0) return <Chosen campaign={campaign} attached={able} />;
        return (
          <EmptyState
            icon={<IconChartHistogram size={26} />}
            title={t("statistics.emptyTitle")}
            actions={
              <Button renderRoot={(props) => <Link {...props} to="/campaigns/$campaignId/$tab" params={{ campaignId: campaign.id, tab: "training" }} search={{}} />}>
                {t("statistics.train")}
              </Button>
            }
          >
            {t("statistics.emptyText")}
          </EmptyState>
        );
      }}
    </Loaded>
  );
}
