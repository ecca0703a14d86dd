import { Alert, Anchor, Badge, Button, Card, Code, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconArrowBackUp, IconDownload, IconFlag, IconSchool } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useModelOfCampaign } from "@/api/learning";
import { modelDownloadUrl } from "@/api/models";
import type { Campaign, CurrentModel, KnownCheckpoint, RegisteredModel } from "@/api/types";
import { Disclosure } from "@/parts/Disclosure";
import { modelTitle } from "@/parts/modelTitle";
import { When } from "@/parts/When";
import { metricName } from "../training/curves";
import { mayManage } from "../roles";
import { figuresOf, lastIs, megabytes, splitOf } from "./checkpoints";
import { Lineage } from "./Lineage";

interface Props {
  campaign: Campaign;
  model: RegisteredModel;
  checkpoint: KnownCheckpoint;
  current: CurrentModel | undefined;
}

function Actions({ campaign, model, checkpoint, current }: Props) {
  const { t } = useTranslation();
  const { promote, rollBack, answerWith } = useModelOfCampaign(campaign.id);
  const role = checkpoint.role === "last" ? "last" : "best";
  const ready = checkpoint.state === "ready";
  const isModel = current?.model?.id === model.id;
  const is = isModel && checkpoint.answers;
  const makeCurrent = () => {
    const promoted = () => isModel || promote.mutate(model.id);
    if (checkpoint.answers) promoted();
    else answerWith.mutate({ model: model.id, role }, { onSuccess: promoted });
  };
  return (
    <Group gap="xs">
      {!is && (
        <Button size="xs" leftSection={<IconFlag size={14} />} disabled={!ready} loading={promote.isPending || answerWith.isPending} onClick={makeCurrent} data-testid={`make-current-${role}`}>
          {t("checkpoints.makeCurrent")}
        </Button>
      )}
      {is && current.before !== null && (
        <Button size="xs" variant="default" leftSection={<IconArrowBackUp size={14} />} loading={rollBack.isPending} onClick={() => rollBack.mutate()} data-testid="roll-back">
          {t("checkpoints.rollBackTo", { model: modelTitle(current.before) })}
        </Button>
      )}
      <Button
        component={Link} to={`/campaigns/${campaign.id}/training?from=${model.id}${role === "last" ? "-last" : ""}`} size="xs" variant="default" leftSection={<IconSchool size={14} />}
        disabled={!ready} data-testid={`train-from-${role}`}
      >
        {t("checkpoints.trainFrom")}
      </Button>
      <Button component="a" href={modelDownloadUrl(campaign.id, model.id, role)} download size="xs" variant="default" leftSection={<IconDownload size={14} />} disabled={!ready}>
        {t("checkpoints.download")}
      </Button>
    </Group>
  );
}

function Figures({ checkpoint }: { checkpoint: KnownCheckpoint }) {
  const { t } = useTranslation();
  const figures = figuresOf(checkpoint.metrics);
  const split = splitOf(checkpoint.metrics);
  const rows = [
    ...(split === null ? [] : [[t("checkpoints.split"), t("checkpoints.splitIs", split)] as const]),
    ...figures.map(([name, value]) => [metricName(name), value.toFixed(3)] as const),
  ];
  if (rows.length === 0) return null;
  return (
    <Table className="winnow-numbers" verticalSpacing={4} data-testid="checkpoint-figures">
      <Table.Tbody>
        {rows.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Td>{name}</Table.Td>
            <Table.Td>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** One checkpoint: whether it can be used, what it measured, where it comes from, and what may be done with it. */
export function CheckpointCard(props: Props) {
  const { t } = useTranslation();
  const { campaign, checkpoint } = props;
  const role = checkpoint.role === "last" ? "last" : "best";
  return (
    <Card component="section" aria-labelledby={`checkpoint-${role}`} data-testid={`checkpoint-${role}`} data-state={checkpoint.state} data-answers={checkpoint.answers || undefined}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Group gap="xs">
            <Title order={2} fz={18} id={`checkpoint-${role}`}>
              {t(`currentModel.${role}`)}
            </Title>
            {checkpoint.answers && <Badge color="pine">{t("checkpoints.answers")}</Badge>}
          </Group>
          <When time={checkpoint.created_at} />
        </Group>
        <Text size="sm" c="dimmed" className="winnow-numbers">
          {checkpoint.size_bytes === null ? t("checkpoints.noFile") : megabytes(checkpoint.size_bytes)} · <Code>{checkpoint.sha256.slice(0, 12)}</Code>
        </Text>
        {checkpoint.state !== "ready" && (
          <Alert color="red" icon={<IconAlertTriangle size={18} />} title={t(`checkpoints.${checkpoint.state}`)}>
            {t("checkpoints.restore")}
          </Alert>
        )}
        {mayManage(campaign.role) && <Actions {...props} />}
        <Figures checkpoint={checkpoint} />
        <Lineage campaign={campaign} checkpoint={checkpoint} />
        <Disclosure label={t("checkpoints.config")}>
          <Code block tabIndex={0} style={{ maxHeight: 320, overflow: "auto" }}>
            {JSON.stringify(checkpoint.config, null, 2)}
          </Code>
        </Disclosure>
        {checkpoint.role === "last" && (
          <Text size="xs" c="dimmed">
            {t(`checkpoints.lastIs.${lastIs(checkpoint.metrics)}`)} <Anchor component={Link} to={`/campaigns/${campaign.id}/statistics`} inherit underline="always">{t("campaign.tabs.statistics")}</Anchor>
          </Text>
        )}
      </Stack>
    </Card>
  );
}
