import { Card, Group, Select, Stack, Table, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type StatisticsComparison, type Subject, useStatisticsComparison, type Verdict } from "@/api/statistics";
import type { Campaign, CampaignModel } from "@/api/types";
import { LabelChip } from "@/parts/LabelChip";
import { modelTitle } from "@/parts/modelTitle";
import { ErrorState, LoadingRows } from "@/parts/states";
import { WideTable } from "@/parts/WideTable";
import { range, shown } from "./figures";
import { useFigureName } from "./Figures";
import { Help } from "./Help";

/** What the figures allow to say: which model is better, or that it cannot be told. */
function Statement({ verdict, names }: { verdict: Verdict; names: readonly [string, string] }) {
  const { t } = useTranslation();
  const figure = useFigureName()(verdict.figure);
  const points = (value: number) => (100 * value).toFixed(1);
  const better = verdict.difference > 0 ? names[1] : names[0];
  // Told from the better one's side, so that the interval lies around the points that are named.
  const [low, high] = verdict.difference < 0 ? [-verdict.high, -verdict.low] : [verdict.low, verdict.high];
  const facts = { figure, better, points: points(Math.abs(verdict.difference)), low: points(low), high: points(high) };
  return (
    <Text size="sm" data-testid={`verdict-${verdict.figure}`} data-significant={verdict.significant}>
      <strong>{t(verdict.significant ? "statistics.better" : verdict.difference === 0 ? "statistics.same" : "statistics.noDifference", facts)}</strong>{" "}
      {verdict.p_value !== null && t("statistics.mcnemar", { first: names[0], second: names[1], only_first: verdict.only_first ?? 0, only_second: verdict.only_second ?? 0, p: verdict.p_value < 0.001 ? "< 0.001" : `= ${verdict.p_value.toFixed(3)}` })}
    </Text>
  );
}

function Side({ campaign, comparison }: { campaign: Campaign; comparison: StatisticsComparison }) {
  const { t } = useTranslation();
  const figureName = useFigureName();
  const [first, second] = comparison.models;
  if (first === undefined || second === undefined) return null;
  return (
    <WideTable minWidth={560} label={t("statistics.compare")}>
      <Table className="winnow-numbers" verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("compareModels.figure")}</Table.Th>
            {comparison.models.map((model) => (
              <Table.Th key={model.id}>{modelTitle(model)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {first.figures.map((figure) => (
            <Table.Tr key={figure.name}>
              <Table.Th scope="row" fw={500}>
                <Group gap={2} wrap="nowrap">
                  {figureName(figure.name)}
                  <Help about={figureName(figure.name)} text={comparison.help[figure.name]} />
                </Group>
              </Table.Th>
              {[figure, second.figures.find((one) => one.name === figure.name)].map((one, side) => (
                <Table.Td key={side}>
                  {shown(one?.value, figure.name)}{" "}
                  <Text span size="xs" c="dimmed">
                    {one === undefined ? null : range(one)}
                  </Text>
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
          {[...new Set([...first.labels, ...second.labels].map((row) => row.label_id))].map((id) => {
            const label = campaign.labels.find((one) => one.id === id);
            return (
              <Table.Tr key={`label-${id}`}>
                <Table.Th scope="row" fw={500}>
                  <Group gap={6} wrap="nowrap">
                    {label === undefined ? id : <LabelChip label={label} />} F1
                  </Group>
                </Table.Th>
                {comparison.models.map(({ id: model, labels }) => {
                  const row = labels.find((one) => one.label_id === id);
                  return (
                    <Table.Td key={model}>
                      {shown(row?.f1)}{" "}
                      <Text span size="xs" c="dimmed">
                        {row === undefined ? null : range({ name: "f1", value: row.f1, low: row.f1_low, high: row.f1_high })}
                      </Text>
                    </Table.Td>
                  );
                })}
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </WideTable>
  );
}

/** Two models on the same images, side by side, and whether the difference could be chance. */
export function CompareCard({ campaign, subject, attached }: { campaign: Campaign; subject: Subject; attached: readonly CampaignModel[] }) {
  const { t } = useTranslation();
  const [other, setOther] = useState<number | null>(null);
  const query = useStatisticsComparison(subject, other);
  const others = attached.filter((one) => one.model.id !== subject.model);
  if (others.length === 0) return null;
  const found = query.data;
  const names = found?.models.map(modelTitle) ?? [];
  return (
    <Card data-testid="compare-statistics">
      <Group justify="space-between" align="flex-end" mb="sm">
        <div>
          <Title order={2} fz={18}>
            {t("statistics.compare")}
          </Title>
          <Text size="sm" c="dimmed">
            {t("statistics.compareText")}
          </Text>
        </div>
        <Select size="xs" w={280} label={t("statistics.compareWith")} clearable value={other === null ? null : String(other)} onChange={(value) => setOther(value === null ? null : Number(value))} data={others.map((one) => ({ value: String(one.model.id), label: modelTitle(one.model) }))} data-testid="compare-with" />
      </Group>
      {other !== null && query.isPending && <LoadingRows rows={3} />}
      {query.error !== null && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {other !== null && found !== undefined && (
        <Stack gap="sm">
          <Text size="sm">{t("statistics.compareBasis", { count: found.images })}</Text>
          {found.verdicts.map((verdict) => (
            <Statement key={verdict.figure} verdict={verdict} names={[names[0] ?? "", names[1] ?? ""]} />
          ))}
          {found.images > 0 && <Side campaign={campaign} comparison={found} />}
        </Stack>
      )}
    </Card>
  );
}
