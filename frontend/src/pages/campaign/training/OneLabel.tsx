import { Alert, Button, Card, Group, Select, Stack, Text, Title } from "@mantine/core";
import { IconPlayerPlay, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useStartTraining, useTrainingRuns } from "@/api/learning";
import { useStartInference } from "@/api/models";
import { useOneLabel } from "@/api/oneLabel";
import { isFinished, useRun } from "@/api/runs";
import type { Campaign, TrainingRun } from "@/api/types";
import { RunCard } from "@/parts/RunCard";
import { FoundImages } from "./FoundImages";

/** Asks the model about all that wait, and shows where it found its label. */
function Find({ campaign, model }: { campaign: Campaign; model: NonNullable<TrainingRun["model"]> }) {
  const { t } = useTranslation();
  const start = useStartInference(campaign.id);
  const run = useRun(start.data?.id).data;
  const ended = run !== undefined && isFinished(run);
  return (
    <Stack gap="sm">
      {start.data === undefined ? (
        <Button style={{ alignSelf: "start" }} leftSection={<IconSearch size={16} />} loading={start.isPending} onClick={() => start.mutate({ model: model.id, images: "unlabeled", prefill: true })} data-testid="find-label">
          {t("oneLabel.find")}
        </Button>
      ) : (
        <RunCard id={start.data.id} title={t("oneLabel.finding", { name: model.name })} />
      )}
      {ended && <FoundImages campaign={campaign} model={model.id} />}
    </Stack>
  );
}

function Trained({ campaign, id }: { campaign: Campaign; id: number }) {
  const { t } = useTranslation();
  const training = useTrainingRuns(campaign.id, true).data?.find((one) => one.id === id);
  return (
    <Stack gap="sm">
      <RunCard id={id} title={t("oneLabel.training")} />
      {training?.model != null && <Find key={training.model.id} campaign={campaign} model={training.model} />}
    </Stack>
  );
}

/** Pick a label, see what there is to learn it from, train, and look at where it was found. */
export function OneLabel({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const [label, setLabel] = useState<number | null>(null);
  const material = useOneLabel(campaign.id, label).data;
  const start = useStartTraining(campaign.id);
  const name = campaign.labels.find(({ id }) => id === label)?.name ?? "";
  const few = material !== undefined && material.positives < (material.only_positives ? material.least : 1);
  return (
    <Card component="section" aria-labelledby="one-label" data-testid="one-label">
      <Stack gap="sm">
        <div>
          <Title order={2} fz={18} id="one-label">
            {t("oneLabel.title")}
          </Title>
          <Text size="sm" c="dimmed" maw={760}>
            {t("oneLabel.text")}
          </Text>
        </div>
        <Group align="flex-end">
          <Select
            label={t("oneLabel.label")} placeholder={t("oneLabel.choose")} searchable w={260} data-testid="one-label-choice" value={label === null ? null : String(label)}
            data={campaign.labels.map(({ id, name: title }) => ({ value: String(id), label: title }))}
            onChange={(value) => {
              setLabel(value === null ? null : Number(value));
              start.reset();
            }}
          />
          <Button
            leftSection={<IconPlayerPlay size={16} />} disabled={material === undefined || few} loading={start.isPending} data-testid="train-one-label"
            onClick={() => start.mutate({ method: "fast_head", name: t("oneLabel.name", { label: name }), promote: false, one_label: label, only_positives: material?.only_positives ?? false })}
          >
            {t("oneLabel.train")}
          </Button>
        </Group>
        {material !== undefined && (
          <Text size="sm" className="winnow-numbers" data-testid="one-label-material">
            {t("oneLabel.material", { label: name, positives: material.positives, negatives: material.negatives, waiting: material.waiting })}
          </Text>
        )}
        {few && <Text size="sm" c="var(--winnow-wheat-text)">{t("oneLabel.few", { count: material.only_positives ? material.least : 1, label: name })}</Text>}
        {material?.only_positives === true && !few && <Alert color="wheat">{t("oneLabel.alone", { label: name })}</Alert>}
        {start.data !== undefined && <Trained key={start.data.id} campaign={campaign} id={start.data.id} />}
      </Stack>
    </Card>
  );
}
