import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconAlertTriangle, IconPlayerPlay } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { curvesQuery, type ImagesQuestion, type Statistics, type Subject, type Thresholds, useStatistics, useStatisticsActions } from "@/api/statistics";
import type { Campaign, CampaignModel } from "@/api/types";
import { RunCard } from "@/parts/RunCard";
import { Loaded } from "@/parts/states";
import { mayManage } from "../roles";
import { AbstentionCard } from "./AbstentionCard";
import { CompareCard } from "./CompareCard";
import { ConfusionMatrix } from "./ConfusionMatrix";
import { Downloads } from "./Downloads";
import { Figures } from "./Figures";
import { ImagesDrawer, ImagesViewer } from "./ImagesViewer";
import { LabelTable } from "./LabelTable";
import { PrCurves } from "./PrCurves";
import { ReliabilityCard } from "./ReliabilityCard";
import { ThresholdBar } from "./ThresholdBar";

const SETTLE_MS = 150;

/** Offers to run the model where its answers are missing. */
function Missing({ campaign, subject, statistics }: { campaign: Campaign; subject: Subject; statistics: Statistics }) {
  const { t } = useTranslation();
  const { answer } = useStatisticsActions(subject);
  const { missing, measured, with_truth, images } = statistics.counts;
  const run = answer.data?.id;
  return (
    <>
      {missing > 0 && (
        <Alert color="yellow" variant="light" data-testid="statistics-missing">
          <Group justify="space-between">
            <Text size="sm">{t("statistics.missing", { count: missing })}</Text>
            {mayManage(campaign.role) && (
              <Button size="xs" leftSection={<IconPlayerPlay size={15} />} loading={answer.isPending} onClick={() => answer.mutate()} data-testid="answer-missing">
                {t("statistics.run")}
              </Button>
            )}
          </Group>
        </Alert>
      )}
      {run !== undefined && <RunCard id={run} title={t("statistics.runTitle")} />}
      {measured === 0 && missing === 0 && <Text size="sm">{t(images === 0 ? "statistics.noImages" : with_truth === 0 ? "statistics.noTruth" : "statistics.nothing")}</Text>}
    </>
  );
}

function Basis({ statistics }: { statistics: Statistics }) {
  const { t } = useTranslation();
  const { measured, images, unclear } = statistics.counts;
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed" data-testid="statistics-basis">
        {t("statistics.basis", { measured, images })} {unclear > 0 && t("statistics.unclear", { count: unclear })}
      </Text>
      {statistics.flattered && measured > 0 && (
        <Group gap={6} wrap="nowrap" align="flex-start">
          <IconAlertTriangle size={16} aria-hidden="true" style={{ flex: "none", marginTop: 2 }} />
          <Text size="sm">{t(statistics.slice === "train" ? "statistics.flatteredTrain" : "statistics.flattered")}</Text>
        </Group>
      )}
    </Stack>
  );
}

function Cards({ campaign, subject, attached, statistics, given, setGiven }: {
  campaign: Campaign;
  subject: Subject;
  attached: readonly CampaignModel[];
  statistics: Statistics;
  given: Thresholds | null;
  setGiven: (thresholds: Thresholds | null) => void;
}) {
  const curves = useQuery({ ...curvesQuery(subject), placeholderData: (before) => before });
  const [asked, setAsked] = useState<ImagesQuestion | null>(null);
  const [shown, setShown] = useState<number | null>(null);
  const thresholds = useMemo(() => ({ ...statistics.thresholds, ...given }), [statistics.thresholds, given]);
  const change = (label: number, value: number) => setGiven({ ...thresholds, [String(label)]: value });
  return (
    <>
      <Figures statistics={statistics} />
      <ThresholdBar campaign={campaign} subject={subject} statistics={statistics} thresholds={thresholds} changed={given !== null} setGiven={setGiven} />
      <LabelTable campaign={campaign} statistics={statistics} curves={curves.data} thresholds={thresholds} onChange={change} onShow={setShown} onImages={setAsked} />
      {curves.data !== undefined && statistics.kind !== "areas" && (
        <PrCurves campaign={campaign} subject={subject} statistics={statistics} attached={attached} curves={curves.data} thresholds={thresholds} shown={shown} setShown={setShown} onChange={change} setAll={setGiven} />
      )}
      <ConfusionMatrix campaign={campaign} statistics={statistics} onOpen={setAsked} />
      <ImagesViewer campaign={campaign} subject={subject} thresholds={thresholds} kind={statistics.kind} />
      {statistics.kind !== "areas" && <AbstentionCard campaign={campaign} subject={subject} thresholds={thresholds} objects={statistics.kind !== "labels"} onImages={setAsked} />}
      {statistics.reliability !== null && <ReliabilityCard campaign={campaign} subject={subject} statistics={statistics} />}
      <CompareCard campaign={campaign} subject={subject} attached={attached} />
      <Downloads subject={subject} />
      <ImagesDrawer campaign={campaign} subject={subject} thresholds={thresholds} kind={statistics.kind} question={asked} onClose={() => setAsked(null)} />
    </>
  );
}

/** Everything about one model on one slice. Thresholds may be tried here without being saved. */
export function ModelStatistics({ campaign, subject, attached }: { campaign: Campaign; subject: Subject; attached: readonly CampaignModel[] }) {
  const [given, setGiven] = useState<Thresholds | null>(null);
  const [settled] = useDebouncedValue(given, SETTLE_MS);
  const query = useStatistics(subject, settled);
  return (
    <Loaded query={query}>
      {(statistics) => (
        <Stack data-testid="statistics">
          <Basis statistics={statistics} />
          <Missing campaign={campaign} subject={subject} statistics={statistics} />
          {statistics.counts.measured > 0 && <Cards {...{ campaign, subject, attached, statistics, given, setGiven }} />}
        </Stack>
      )}
    </Loaded>
  );
}
