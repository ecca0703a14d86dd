import { Button, Group, List, Table, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemReturn } from "echarts";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { simulationTable, type SimulatedStrategy, type Simulation } from "@/api/progress";
import { isFinished } from "@/api/runs";
import { Chart } from "@/parts/chart/Chart";
import { axis, type ChartPalette } from "@/parts/chart/types";
import { WideTable } from "@/parts/WideTable";
import { shareAxis } from "../figures";

const SYMBOLS = ["circle", "triangle", "rect", "diamond", "pin", "arrow"] as const;
const CAP_PX = 4;
const APART_PX = 6;
const BASELINE = "random";

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;

/** Intervals of several strategies at one number of images stand beside each other. */
function drawInterval(color: string, shift_px: number) {
  return (_: unknown, api: CustomSeriesRenderItemAPI): CustomSeriesRenderItemReturn => {
    const [middle = 0, low = 0] = api.coord([api.value(0), api.value(1)]);
    const x = middle + shift_px;
    const [, high = 0] = api.coord([api.value(0), api.value(2)]);
    const style = { stroke: color, lineWidth: 1.2, fill: "none" };
    const line = (x1: number, y1: number, x2: number, y2: number) => ({ type: "line" as const, shape: { x1, y1, x2, y2 }, style });
    return { type: "group", children: [line(x, low, x, high), line(x - CAP_PX, low, x + CAP_PX, low), line(x - CAP_PX, high, x + CAP_PX, high)] };
  };
}

function Plot({ simulation }: { simulation: Simulation }) {
  const { t } = useTranslation();
  const { budgets, curves } = simulation;
  const option = useCallback(
    (palette: ChartPalette) => {
      let turn = 0;
      const lines = curves.map((curve, place) => {
        const isBaseline = curve.strategy === BASELINE;
        return { curve, symbol: SYMBOLS[place % SYMBOLS.length], dashed: isBaseline, color: isBaseline ? palette.muted : (palette.series[turn++ % palette.series.length] ?? palette.text) };
      });
      return {
        grid: { left: 56, right: 22, top: 38, bottom: 44 },
        legend: { top: 0, left: 0, textStyle: { color: palette.text }, data: lines.map(({ curve }) => curve.title) },
        tooltip: { trigger: "axis", backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.text } },
        xAxis: { ...axis(palette, t("rounds.labeledImages")), splitLine: { show: false }, nameGap: 28, scale: true, minInterval: 1 },
        yAxis: { ...axis(palette, ""), ...shareAxis(curves.flatMap((curve) => [...curve.low, ...curve.high])), axisLabel: { color: palette.text, formatter: (value: number) => `${Math.round(100 * value)} %` } },
        series: lines.flatMap(({ curve, symbol, dashed, color }, place) => [
          { type: "line", name: curve.title, color, symbol, symbolSize: 8, lineStyle: { width: 2.2, type: dashed ? "dashed" : "solid" }, data: budgets.map((labels, at) => [labels, curve.mean[at]]), tooltip: { valueFormatter: (value: unknown) => (typeof value === "number" ? percent(value) : "") } },
          { type: "custom", name: `${curve.title} ±`, data: budgets.map((labels, at) => [labels, curve.low[at], curve.high[at]]), renderItem: drawInterval(color, APART_PX * (place - (lines.length - 1) / 2)), tooltip: { show: false }, silent: true, z: 1 },
        ]),
      };
    },
    [budgets, curves, t],
  );
  return <Chart option={option} label={t(`rounds.simulate.chart.${simulation.metric}`)} height={320} />;
}

function Row({ curve, simulation }: { curve: SimulatedStrategy; simulation: Simulation }) {
  const { t } = useTranslation();
  return (
    <Table.Tr data-testid="simulated" data-strategy={curve.strategy}>
      <Table.Td>{curve.title}</Table.Td>
      <Table.Td>{t("rounds.simulate.seedsDone", { done: curve.seeds, seeds: simulation.seeds })}</Table.Td>
      {simulation.budgets.map((labels, place) => (
        <Table.Td key={labels}>
          {percent(curve.mean[place] ?? 0)}
          {curve.seeds > 1 && (
            <Text span display="block" size="xs" c="dimmed">
              {t("rounds.simulate.interval", { low: Math.round(100 * (curve.low[place] ?? 0)), high: Math.round(100 * (curve.high[place] ?? 0)) })}
            </Text>
          )}
        </Table.Td>
      ))}
      <Table.Td>{curve.strategy === BASELINE ? "–" : curve.reached_with === null ? t("rounds.simulate.never") : Math.round(curve.reached_with).toLocaleString()}</Table.Td>
    </Table.Tr>
  );
}

/** Label efficiency of each strategy: curves with intervals, sentences, and the figures. */
export function SimulationResult({ simulation }: { simulation: Simulation }) {
  const { t } = useTranslation();
  if (simulation.curves.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t(isFinished(simulation.run) ? "rounds.simulate.curveless" : "rounds.simulate.noCurve")}
      </Text>
    );
  }
  const sentences = simulation.curves.map((curve) => curve.sentence).filter((sentence) => sentence !== "");
  return (
    <>
      <Text size="sm" c="dimmed" mb={4}>
        {t(`rounds.simulate.chart.${simulation.metric}`)}
      </Text>
      <Plot simulation={simulation} />
      <List size="sm" my="sm" data-testid="simulation-sentences">
        {sentences.map((sentence) => (
          <List.Item key={sentence}>{sentence}</List.Item>
        ))}
      </List>
      <WideTable minWidth={520} label={t(`rounds.simulate.chart.${simulation.metric}`)}>
        <Table className="winnow-numbers" verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("rounds.simulate.strategy")}</Table.Th>
              <Table.Th>{t("rounds.simulate.seeds")}</Table.Th>
              {simulation.budgets.map((labels) => (
                <Table.Th key={labels}>{t("rounds.simulate.atLabels", { count: labels })}</Table.Th>
              ))}
              <Table.Th>{t("rounds.simulate.reached")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {simulation.curves.map((curve) => (
              <Row key={curve.strategy} curve={curve} simulation={simulation} />
            ))}
          </Table.Tbody>
        </Table>
      </WideTable>
      <Group mt="sm">
        <Button component="a" href={simulationTable(simulation.id)} download size="xs" variant="default" leftSection={<IconDownload size={15} />} data-testid="simulation-csv">
          {t("rounds.simulate.csv")}
        </Button>
      </Group>
    </>
  );
}
