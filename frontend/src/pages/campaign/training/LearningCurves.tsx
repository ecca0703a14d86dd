import { SimpleGrid, Text } from "@mantine/core";
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { CurvePoint } from "@/api/types";
import { Chart } from "@/parts/chart/Chart";
import { axis, type ChartPalette } from "@/parts/chart/types";
import { metricName, type Series, splitCurves } from "./curves";

/** Four places, or an exponent where those would be noughts. */
function figure(value: number): string {
  if (value === 0) return "0";
  return Math.abs(value) < 0.001 ? value.toExponential(2) : value.toFixed(4);
}

interface CurveProps {
  series: Series[];
  best: number | null;
  label: string;
  unit: boolean;
  /** Of learning rates: small numbers, drawn from nought. */
  rate?: boolean;
}

function Curve({ series, best, label, unit, rate = false }: CurveProps) {
  const { t } = useTranslation();
  const option = useCallback(
    (palette: ChartPalette) => ({
      color: palette.series,
      grid: { left: 46, right: 18, top: 40, bottom: 42 },
      legend: { top: 0, left: 0, icon: "roundRect", itemWidth: 14, itemHeight: 4, textStyle: { color: palette.text } },
      tooltip: { trigger: "axis", backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.text }, valueFormatter: (value: unknown) => (typeof value === "number" ? figure(value) : "") },
      xAxis: { ...axis(palette, t("training.epoch")), splitLine: { show: false }, nameGap: 26, minInterval: 1, min: "dataMin" },
      yAxis: { ...axis(palette, ""), ...(unit ? { max: 1 } : {}), ...(rate ? { axisLabel: { color: palette.text, fontSize: 11.5, formatter: figure } } : { scale: true }) },
      series: series.map((one) => ({
        type: "line",
        name: metricName(one.name),
        data: one.points,
        showSymbol: one.points.length < 3,
        symbolSize: 6,
        lineStyle: { width: 2.2 },
        ...(best !== null && one.name.startsWith("validation")
          ? { markPoint: { symbol: "circle", symbolSize: 11, label: { show: true, formatter: t("training.best"), position: [8, -14], color: palette.text, fontSize: 11 }, data: bestOf(one, best) } }
          : {}),
      })),
    }),
    [series, best, unit, rate, t],
  );
  return <Chart option={option} label={label} height={270} />;
}

function bestOf(series: Series, epoch: number): { coord: [number, number] }[] {
  const point = series.points.find(([at]) => at === epoch);
  return point === undefined ? [] : [{ coord: point }];
}

/** Losses, scores and the learning rate by epoch, the best epoch marked, while the training goes and after. */
export function LearningCurves({ points }: { points: readonly CurvePoint[] }) {
  const { t } = useTranslation();
  const { losses, scores, rates, best } = useMemo(() => splitCurves(points), [points]);
  const last = points.at(-1);
  if (last === undefined) {
    return (
      <Text size="sm" c="dimmed">
        {t("training.noCurves")}
      </Text>
    );
  }
  const said = Object.entries(last.metrics)
    .filter(([, value]) => typeof value === "number")
    .map(([name, value]) => `${metricName(name)} ${name === "learning_rate" ? figure(value ?? 0) : (value ?? 0).toFixed(3)}`)
    .join(", ");
  return (
    <div data-testid="learning-curves">
      <SimpleGrid cols={{ base: 1, md: scores.length > 0 && losses.length > 0 ? 2 : 1, ...(rates.length > 0 ? { lg: 3 } : {}) }}>
        {scores.length > 0 && <Curve series={scores} best={best} unit label={t("training.scoresAre", { epoch: last.epoch, values: said })} />}
        {losses.length > 0 && <Curve series={losses} best={best} unit={false} label={t("training.lossesAre", { epoch: last.epoch, values: said })} />}
        {rates.length > 0 && <Curve series={rates} best={null} unit={false} rate label={t("training.rateIs", { epoch: last.epoch, value: figure(last.metrics["learning_rate"] ?? 0) })} />}
      </SimpleGrid>
      <Text size="sm" c="dimmed" className="winnow-numbers">
        {t("training.lastEpoch", { epoch: last.epoch, values: said })}
        {best !== null && ` ${t("training.bestEpoch", { epoch: best })}`}
      </Text>
    </div>
  );
}
