import { Accordion, Anchor, Button, Group, Stack, Text } from "@mantine/core";
import { IconPlayerStop, IconSchool } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCurves, useStopTraining, useTrainingRuns } from "@/api/learning";
import { isFinished } from "@/api/runs";
import type { Campaign, TrainingRun } from "@/api/types";
import { Disclosure } from "@/parts/Disclosure";
import { RunCard, RunStateBadge } from "@/parts/RunCard";
import { RunLog } from "@/parts/RunLog";
import { EmptyState, ErrorState, LoadingRows } from "@/parts/states";
import { When } from "@/parts/When";
import { modelTitle } from "@/parts/modelTitle";
import { mayManage } from "../roles";
import { LearningCurves } from "./LearningCurves";
import { KeptBadge, Outlook } from "./Outlook";
import { OneLabel } from "./OneLabel";
import { StartTraining } from "./StartTraining";

function TrainingDetail({ campaign, training }: { campaign: Campaign; training: TrainingRun }) {
  const { t } = useTranslation();
  const stop = useStopTraining(campaign.id);
  const going = !isFinished(training.run);
  const curves = useCurves(training.id, going);
  return (
    <Stack gap="md">
      <RunCard id={training.run.id} title={training.name} ownEta>{() => <Outlook training={training} />}</RunCard>
      {going && mayManage(campaign.role) && (
        <Group gap="sm">
          <Button
            size="xs" variant="light" leftSection={<IconPlayerStop size={14} />} data-testid="stop-and-keep"
            loading={stop.isPending} disabled={training.stop_requested || (curves.data ?? []).length === 0} onClick={() => stop.mutate(training.id)}
          >
            {t(training.stop_requested ? "training.stopping" : "training.stop")}
          </Button>
          <Text size="sm" c="dimmed">
            {t("training.stopText")}
          </Text>
        </Group>
      )}
      {training.warnings.length > 0 && (
        <div>
          {training.warnings.map((warning) => (
            <Text key={warning} size="sm" c="var(--winnow-wheat-text)">
              {warning}
            </Text>
          ))}
        </div>
      )}
      {curves.data !== undefined && <LearningCurves points={curves.data} />}
      {training.model !== null && (
        <Text size="sm">
          {training.stopped_by !== null && t(`training.stoppedBy.${training.stopped_by}`)} {t("training.made")}{" "}
          <Anchor component={Link} to={`/campaigns/${campaign.id}/models/${training.model.id}`} inherit underline="always">
            {modelTitle(training.model)}
          </Anchor>
        </Text>
      )}
      {mayManage(campaign.role) && (
        <Disclosure label={t("training.log")} lazy>
          <RunLog run={training.run} />
        </Disclosure>
      )}
    </Stack>
  );
}

export function TrainingTab({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const [polling, setPolling] = useState(true);
  const query = useTrainingRuns(campaign.id, polling);
  const [opened, setOpened] = useState<string | null>(null);
  const trainings = query.data ?? [];
  const going = trainings.some((training) => !isFinished(training.run));
  if (query.data !== undefined && going !== polling) setPolling(going);
  const shown = opened ?? (trainings[0] === undefined ? null : String(trainings[0].id));
  return (
    <Stack>
      {mayManage(campaign.role) && (
        <StartTraining
          campaign={campaign}
          going={going}
          onStart={() => {
            setPolling(true);
            setOpened(null);
          }}
        />
      )}
      {mayManage(campaign.role) && campaign.task === "classification" && campaign.labels.length > 0 && <OneLabel campaign={campaign} />}
      {query.isPending ? (
        <LoadingRows />
      ) : query.error !== null && query.data === undefined ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : trainings.length === 0 ? (
        <EmptyState icon={<IconSchool size={26} />} title={t("training.emptyTitle")}>
          {t("training.emptyText")}
        </EmptyState>
      ) : (
        <Accordion value={shown} onChange={(value) => setOpened(value ?? "")} variant="separated" order={3}>
          {trainings.map((training) => (
            <Accordion.Item key={training.id} value={String(training.id)} data-testid="training-run">
              <Accordion.Control>
                <Group justify="space-between" pr="md">
                  <Group gap="xs">
                    <Text fw={600}>{training.name}</Text>
                    <RunStateBadge run={training.run} />
                    <KeptBadge training={training} />
                  </Group>
                  <When time={training.run.created_at} />
                </Group>
              </Accordion.Control>
              <Accordion.Panel>
                <TrainingDetail campaign={campaign} training={training} />
              </Accordion.Panel>
            </Accordion.Item>
          ))}
        </Accordion>
      )}
    </Stack>
  );
}
