import { Card, Table, Text, Title } from "@mantine/core";
import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemReturn } from "echarts";
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useEvaluations } from "@/api/learning";
import { useLearningCurve } from "@/api/progress";
import type { Campaign, Evaluation } from "@/api/types";
import { Chart } from "@/parts/chart/Chart";
import { axis, type ChartPalette } from "@/parts/chart/types";
import { WideTable } from "@/parts/WideTable";
import { metricName } from "../training/curves";
import { type Efficiency, efficiency, type Measured } from "./accuracy";
import { shareAxis } from "./figures";

const CAP_PX = 5;

/** A vertical bar with caps from the low to the high end of an interval. */
function drawInterval(color: string) {
  return (_: unknown, api: CustomSeriesRenderItemAPI): CustomSeriesRenderItemReturn => {
    const [x = 0, low = 0] = api.coord([api.value(0), api.value(1)]);
    const [, high = 0] = api.coord([api.value(0), api.value(2)]);
    const style = { stroke: color, lineWidth: 1.4, fill: "none" };
    const line = (x1: number, y1: number, x2: number, y2: number) => ({ type: "line" as const, shape: { x1, y1, x2, y2 }, style });
    return { type: "group", children: [line(x, low, x, high), line(x - CAP_PX, low, x + CAP_PX, low), line(x - CAP_PX, high, x + CAP_PX, high)] };
  };
}

function intervals(points: readonly Measured[]): [number, number, number][] {
  return points.flatMap((point): [number, number, number][] => (point.low === null || point.high === null ? [] : [[point.labeled, point.low, point.high]]));
}

function Plot({ found, audits }: { found: Efficiency; audits: readonly Measured[] }) {
  const { t } = useTranslation();
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const option = useCallback(
    (palette: ChartPalette) => {
      const [strong, warm] = palette.series;
      const lines = [
        { name: t("rounds.asked"), points: found.model, color: strong, dashed: false },
        { name: t("rounds.random"), points: found.random, color: palette.muted, dashed: true },
        { name: t("rounds.audits"), points: audits, color: warm, dashed: true, symbol: "diamond" },
      ].filter((line) => line.points.length > 0);
      return {
        grid: { left: 56, right: 22, top: 38, bottom: 44 },
        legend: { top: 0, left: 0, icon: "roundRect", itemWidth: 14, itemHeight: 4, textStyle: { color: palette.text }, data: lines.map((line) => line.name) },
        tooltip: { trigger: "axis", backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.text } },
        xAxis: { ...axis(palette, t("rounds.labeledImages")), splitLine: { show: false }, nameGap: 28, scale: true, minInterval: 1 },
        yAxis: { ...axis(palette, ""), ...shareAxis(lines.flatMap(({ points }) => points.flatMap((point) => [point.value, point.low ?? point.value, point.high ?? point.value]))), axisLabel: { color: palette.text, formatter: (value: number) => `${Math.round(100 * value)} %` } },
        series: lines.flatMap(({ name, points, color, dashed, symbol = "circle" }) => [
          { type: "line", name, color, data: points.map((point) => [point.labeled, point.value]), symbol, symbolSize: symbol === "circle" ? 8 : 11, lineStyle: { width: symbol === "circle" ? 2.4 : 0, type: dashed ? "dashed" : "solid" }, tooltip: { valueFormatter: (value: unknown) => (typeof value === "number" ? percent(value) : "") } },
          { type: "custom", name: `${name} ±`, data: intervals(points), renderItem: drawInterval(color), tooltip: { show: false }, silent: true, z: 1 },
        ]),
      };
    },
    [found, audits, t],
  );
  const last = found.model.at(-1);
  const label = last === undefined ? t("rounds.chart") : t("rounds.chartIs", { labeled: last.labeled, value: percent(last.value) });
  return <Chart option={option} label={label} height={300} />;
}

function Figures({ evaluations, metric }: { evaluations: readonly Evaluation[]; metric: string }) {
  const { t } = useTranslation();
  const show = (metrics: Record<string, number>) => {
    const [value, low, high] = [metrics[metric], metrics[`${metric}_low`], metrics[`${metric}_high`]];
    if (value === undefined || value === null) return "–";
    const range = typeof low === "number" && typeof high === "number" ? ` (${(100 * low).toFixed(0)}–${(100 * high).toFixed(0)})` : "";
    return `${(100 * value).toFixed(1)} %${range}`;
  };
  return (
    <WideTable minWidth={420} label={t("rounds.chart")}>
      <Table className="winnow-numbers" verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("rounds.round")}</Table.Th>
            <Table.Th>{t("rounds.labeledImages")}</Table.Th>
            <Table.Th>{t("rounds.asked")}</Table.Th>
            <Table.Th>{t("rounds.random")}</Table.Th>
            <Table.Th>{t("rounds.heldBack")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {evaluations.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td>{one.round ?? "–"}</Table.Td>
              <Table.Td>{one.labeled.toLocaleString()}</Table.Td>
              <Table.Td>{show(one.metrics)}</Table.Td>
              <Table.Td>{show(one.random_metrics)}</Table.Td>
              <Table.Td>{one.held_back.toLocaleString()}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  );
}

/** What the labels brought: accuracy on the held-back images, beside what random picks would have given. */
export function AccuracyChart({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const query = useEvaluations(campaign.id);
  const curve = useLearningCurve(campaign.id);
  const found = useMemo(() => efficiency(query.data ?? []), [query.data]);
  const audits = useMemo(() => curve.data?.audits ?? [], [curve.data]);
  const shown = found ?? (audits.length > 0 ? { metric: "accuracy", model: [], random: [] } : null);
  return (
    <Card data-testid="accuracy-chart">
      <Title order={2} fz={18}>
        {t("rounds.chart")}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {found === null ? t("rounds.chartEmpty") : t("rounds.chartText", { metric: metricName(found.metric) })} {audits.length > 0 && t("rounds.auditText")}
      </Text>
      {shown !== null && <Plot found={shown} audits={audits} />}
      {found !== null && (
        <>
          <Figures evaluations={query.data ?? []} metric={found.metric} />
        </>
      )}
    </Card>
  );
}
