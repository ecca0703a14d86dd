import { Alert, Button, Group, SimpleGrid, Stack, Table, Text } from "@mantine/core";
import { IconArrowRight, IconCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { thumbnailUrl } from "@/api/thumbnails";
import type { Campaign, ModelComparison } from "@/api/types";
import { keepScope } from "@/pages/labeling/scope";
import { shownMs, shownShare } from "@/pages/models/health/health";
import { LabelChip } from "@/parts/LabelChip";
import { modelTitle } from "@/parts/modelTitle";
import { WideTable } from "@/parts/WideTable";
import { bestOf, type Disputed, type Figure, figureOf, mostDisputed, shownRate } from "./comparison";
import classes from "../rounds/Ranking.module.css";

const SHOWN = 12;

function Shares({ name, values }: { name: ReactNode; values: readonly (number | null)[] }) {
  const { t } = useTranslation();
  const best = bestOf(values);
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={500}>
        {name}
      </Table.Th>
      {values.map((value, at) => (
        <Table.Td key={at} className="winnow-numbers" fw={best.has(at) ? 700 : 400}>
          <Group gap={5} wrap="nowrap">
            {value === null ? "–" : `${(100 * value).toFixed(1)} %`}
            {best.has(at) && <IconCheck size={14} aria-label={t("compareModels.best")} />}
          </Group>
        </Table.Td>
      ))}
    </Table.Tr>
  );
}

function Plain({ name, values }: { name: string; values: readonly ReactNode[] }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={500}>
        {name}
      </Table.Th>
      {values.map((value, at) => (
        <Table.Td key={at} className="winnow-numbers">
          {value}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}

function SideBySide({ campaign, comparison }: { campaign: Campaign; comparison: ModelComparison }) {
  const { t, i18n } = useTranslation();
  const { models, counted } = comparison;
  const asked = models.some((model) => model.asked + model.unanswered > 0);
  const figures: Figure[] = counted === "areas" ? ["precision", "recall", "f1", "iou"] : ["precision", "recall", "f1"];
  const byLabel: Figure = counted === "areas" ? "iou" : "f1";
  const labels = campaign.labels.filter((label) => models.some((model) => figureOf(model, label.id, byLabel) !== null));
  return (
    <WideTable minWidth={200 + 150 * models.length} label={t("compareModels.table")}>
      <Table data-testid="comparison-table">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>
              <span className="winnow-hidden">{t("compareModels.figure")}</span>
            </Table.Th>
            {models.map((model) => (
              <Table.Th key={model.id} scope="col">
                {modelTitle(model)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {figures.map((figure) => (
            <Shares key={figure} name={t(`compareModels.${figure}`)} values={models.map((model) => figureOf(model, null, figure))} />
          ))}
          {counted === "labels" && <Shares name={t("compareModels.right")} values={models.map((model) => model.right)} />}
          {labels.map((label) => (
            <Shares
              key={label.id}
              name={
                <Group gap={6} wrap="nowrap">
                  {t(`compareModels.${byLabel}`)} <LabelChip label={label} />
                </Group>
              }
              values={models.map((model) => figureOf(model, label.id, byLabel))}
            />
          ))}
          <Plain name={t("compareModels.answered")} values={models.map((model) => t("compareModels.count", { count: model.answered }))} />
          <Plain name={t("compareModels.drafted")} values={models.map((model) => t("compareModels.ofTrue", { count: model.drafted, all: comparison.true_annotations }))} />
          <Plain name={t("compareModels.mean")} values={models.map((model) => shownMs(model.mean_ms))} />
          <Plain name={t("compareModels.p50")} values={models.map((model) => shownMs(model.p50_ms))} />
          <Plain name={t("compareModels.p95")} values={models.map((model) => shownMs(model.p95_ms))} />
          <Plain name={t("compareModels.rate")} values={models.map((model) => shownRate(model.images_per_s, i18n.language))} />
          {asked && <Plain name={t("compareModels.asked")} values={models.map((model) => t("compareModels.askedCount", { count: model.asked, failed: model.unanswered }))} />}
          <Plain name={t("compareModels.calls")} values={models.map((model) => t("compareModels.callCount", { count: model.calls, failures: model.failures }))} />
        </Table.Tbody>
      </Table>
    </WideTable>
  );
}

function Agreements({ comparison }: { comparison: ModelComparison }) {
  const { t } = useTranslation();
  const named = new Map(comparison.models.map((model) => [model.id, modelTitle(model)]));
  return (
    <Stack gap={4} data-testid="agreement">
      <Text fw={600} size="sm">
        {t("compareModels.agreement")}
      </Text>
      {comparison.pairs.map(({ models: [one = 0, other = 0], images, same_labels, f1 }) => (
        <Text key={`${one}-${other}`} size="sm">
          {images === 0
            ? t("compareModels.noCommon", { one: named.get(one), other: named.get(other) })
            : t(comparison.counted === "labels" ? "compareModels.agreeLabels" : "compareModels.agreeThings", { one: named.get(one), other: named.get(other), count: images, same: shownShare(same_labels), f1: shownShare(f1) })}
        </Text>
      ))}
    </Stack>
  );
}

function DisputedImages({ campaign, disputed }: { campaign: Campaign; disputed: readonly Disputed[] }) {
  const { t } = useTranslation();
  const keep = () => keepScope(campaign.id, { kind: "selection", ids: disputed.map((one) => one.image) });
  const to = { to: "/campaigns/$campaignId/label", params: { campaignId: campaign.id }, preload: false } as const;
  const [first] = disputed;
  if (first === undefined) return <Text size="sm">{t("compareModels.noneDisputed")}</Text>;
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text fw={600} size="sm">
          {t("compareModels.disputed")}
        </Text>
        <Button
          size="xs"
          variant="default"
          rightSection={<IconArrowRight size={15} />}
          data-testid="open-disputed"
          renderRoot={(props) => <Link {...props} {...to} search={{ image: first.image, scope: "selection" }} onClick={keep} />}
        >
          {t("compareModels.openAll", { count: disputed.length })}
        </Button>
      </Group>
      <SimpleGrid component="ul" cols={{ base: 2, xs: 3, sm: 4, lg: 6 }} className={classes["list"]} data-testid="disputed">
        {disputed.map((one) => (
          <li key={one.image} className={classes["item"]}>
            <Link {...to} search={{ image: one.image, scope: "selection" }} onClick={keep} className={classes["picture"]} aria-label={t("compareModels.open", { name: one.name, share: shownShare(one.dispute) })}>
              <img src={thumbnailUrl(one.image)} alt="" loading="lazy" decoding="async" />
              <span className={classes["rank"]}>{shownShare(one.dispute)}</span>
            </Link>
            <Text size="xs" px="sm" py={6} truncate title={one.name}>
              {one.name}
            </Text>
          </li>
        ))}
      </SimpleGrid>
    </Stack>
  );
}

/** What a comparison found. */
export function ComparisonResult({ campaign, comparison }: { campaign: Campaign; comparison: ModelComparison }) {
  const { t } = useTranslation();
  const { common, with_truth, images, counted, overlap } = comparison;
  return (
    <Stack data-testid="comparison">
      <Text size="sm">{t("compareModels.basis", { common, truth: with_truth, images })} {t(`compareModels.counts.${counted}`, { overlap })}</Text>
      {comparison.models.map((model) =>
        model.complaint === "" ? null : (
          <Alert key={model.id} color="yellow" variant="light">
            {t("compareModels.complaint", { name: model.name, count: model.unanswered, complaint: model.complaint })}
          </Alert>
        ),
      )}
      {with_truth === 0 && <Text size="sm">{t("compareModels.noTruth")}</Text>}
      <SideBySide campaign={campaign} comparison={comparison} />
      <Agreements comparison={comparison} />
      {comparison.pairs.some((pair) => pair.images > 0) && <DisputedImages campaign={campaign} disputed={mostDisputed(comparison, SHOWN)} />}
    </Stack>
  );
}
