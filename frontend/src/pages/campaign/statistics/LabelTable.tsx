import { Button, Card, Group, NumberInput, Switch, Table, Text, Title, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconChartLine } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Curves, ImagesQuestion, LabelStatistics, Statistics, Thresholds } from "@/api/statistics";
import type { Campaign } from "@/api/types";
import { LabelChip } from "@/parts/LabelChip";
import { WideTable } from "@/parts/WideTable";
import { atThreshold, type SortBy, sorted } from "./curves";
import { shown } from "./figures";
import { Help } from "./Help";

/** Of one label, being right is to say it where it is true and not to say it where it is not. */
const HELP: Readonly<Partial<Record<SortBy, string>>> = { accuracy: "label_accuracy" };

interface Props {
  campaign: Campaign;
  statistics: Statistics;
  curves: Curves | undefined;
  thresholds: Thresholds;
  onChange: (label: number, threshold: number) => void;
  onShow: (label: number) => void;
  onImages: (question: ImagesQuestion) => void;
}

/** Precision, recall and F1 of a label at a threshold that has just moved, from its curve; the server's figures follow. */
function moved(row: LabelStatistics, curves: Curves | undefined, threshold: number | undefined, told: number | undefined): Pick<LabelStatistics, "precision" | "recall" | "f1"> {
  const curve = curves?.labels.find((one) => one.label_id === row.label_id);
  if (curve === undefined || threshold === undefined || threshold === told) return row;
  return atThreshold(curve, threshold) ?? { precision: null, recall: 0, f1: 0 };
}

function Columns({ by, falling, onSort, columns, help }: { by: SortBy; falling: boolean; onSort: (by: SortBy) => void; columns: readonly SortBy[]; help: Readonly<Record<string, string>> }) {
  const { t } = useTranslation();
  return (
    <Table.Tr>
      {columns.map((column) => (
        <Table.Th key={column} aria-sort={by === column ? (falling ? "descending" : "ascending") : "none"}>
          <Group gap={2} wrap="nowrap">
            <UnstyledButton onClick={() => onSort(column)} fz="sm" fw={600} style={{ whiteSpace: "nowrap" }}>
              <Group gap={3} wrap="nowrap">
                {t(`statistics.column.${column}`)}
                {by === column && (falling ? <IconArrowDown size={14} aria-hidden="true" /> : <IconArrowUp size={14} aria-hidden="true" />)}
              </Group>
            </UnstyledButton>
            <Help about={t(`statistics.column.${column}`)} text={help[HELP[column] ?? column]} />
          </Group>
        </Table.Th>
      ))}
      <Table.Th>{t("statistics.look")}</Table.Th>
    </Table.Tr>
  );
}

type Ranged = "precision" | "recall" | "f1" | "accuracy" | "mcc" | "average_precision" | "auc" | "iou";

/** A figure, and in brackets where it lies 95 times of 100, when other images of the same kind are measured. */
function Measured({ row, figure, value = row[figure], settled = true }: { row: LabelStatistics; figure: Ranged; value?: number | null; settled?: boolean }) {
  const [low, high] = [row[`${figure}_low`], row[`${figure}_high`]];
  const written = (one: number) => (figure === "mcc" ? one.toFixed(2) : (100 * one).toFixed(0));
  return (
    <Table.Td data-figure={figure}>
      {shown(value, figure)}{" "}
      {settled && low !== null && high !== null && (
        <Text span size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
          {`(${written(low)}–${written(high)})`}
        </Text>
      )}
    </Table.Td>
  );
}

/** What is shown of each label: of areas there is no threshold, and only labels of whole images are right or wrong where they are not. */
function columnsOf(kind: Statistics["kind"], all: boolean): { figures: Ranged[]; columns: SortBy[] } {
  const areas = kind === "areas";
  const more: Ranged[] = kind === "labels" ? ["accuracy", "mcc"] : areas ? ["mcc"] : [];
  const figures: Ranged[] = ["precision", "recall", "f1", areas ? "iou" : "average_precision", ...(kind === "labels" ? (["auc"] as const) : []), ...(all ? more : [])];
  return { figures, columns: ["label", "true", ...figures, ...(areas ? [] : (["threshold"] as const))] };
}

/** Each label at its threshold: sortable, with the threshold to type. */
export function LabelTable({ campaign, statistics, curves, thresholds, onChange, onShow, onImages }: Props) {
  const { t } = useTranslation();
  const [{ by, falling }, setSort] = useState<{ by: SortBy; falling: boolean }>({ by: "label", falling: false });
  const named = new Map(campaign.labels.map((label) => [label.id, label]));
  const areas = statistics.kind === "areas";
  const [all, setAll] = useState(false);
  const { figures, columns } = columnsOf(statistics.kind, all);
  const onSort = (column: SortBy) => setSort((now) => ({ by: column, falling: now.by === column ? !now.falling : column !== "label" }));
  return (
    <Card data-testid="label-table">
      <Group justify="space-between" mb="sm">
        <Title order={2} fz={18}>
          {t("statistics.perLabel")}
        </Title>
        {(areas || statistics.kind === "labels") && <Switch size="xs" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} label={t("statistics.more")} data-testid="all-columns" />}
      </Group>
      <WideTable minWidth={360 + 112 * figures.length} label={t("statistics.perLabel")}>
        <Table className="winnow-numbers" verticalSpacing={6}>
          <Table.Thead>
            <Columns {...{ by, falling, onSort, columns }} help={statistics.help} />
          </Table.Thead>
          <Table.Tbody>
            {sorted(statistics.labels, by, falling, thresholds).map((row) => {
              const label = named.get(row.label_id);
              const threshold = thresholds[String(row.label_id)];
              const now = moved(row, curves, threshold, statistics.thresholds[String(row.label_id)]);
              const name = label?.name ?? String(row.label_id);
              return (
                <Table.Tr key={row.label_id} data-testid={`label-row-${name}`}>
                  <Table.Th scope="row">{label === undefined ? name : <LabelChip label={label} />}</Table.Th>
                  <Table.Td>{row.true.toLocaleString()}</Table.Td>
                  {figures.map((figure) => {
                    const isMoved = figure === "precision" || figure === "recall" || figure === "f1";
                    return <Measured key={figure} row={row} figure={figure} value={isMoved ? now[figure] : row[figure]} settled={!isMoved || now === row} />;
                  })}
                  {!areas && (
                    <Table.Td>
                      <NumberInput
                        size="xs" w={84} min={0} max={1} step={0.01} decimalScale={3} aria-label={t("statistics.thresholdOf", { name })}
                        value={threshold ?? 0} onChange={(value) => typeof value === "number" && value >= 0 && value <= 1 && onChange(row.label_id, value)}
                      />
                    </Table.Td>
                  )}
                  <Table.Td>
                    <Group gap={4} wrap="nowrap">
                      {!areas && (
                        <Button size="compact-xs" variant="subtle" leftSection={<IconChartLine size={14} />} onClick={() => onShow(row.label_id)} aria-label={t("statistics.curveOf", { name })}>
                          {t("statistics.curve")}
                        </Button>
                      )}
                      <Button size="compact-xs" variant="subtle" onClick={() => onImages({ outcome: "incorrect", label: row.label_id })} aria-label={t("statistics.errorsOf", { name })}>
                        {t("statistics.errors")}
                      </Button>
                    </Group>
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </WideTable>
    </Card>
  );
}
