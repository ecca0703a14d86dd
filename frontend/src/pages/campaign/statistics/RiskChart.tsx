import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { Abstention, RiskCurve } from "@/api/abstention";
import { Chart } from "@/parts/chart/Chart";
import { axis, type ChartPalette } from "@/parts/chart/types";
import { coverageOf } from "./spans";
import { shown } from "./figures";

const SPAN_COLOR = { light: "#c22a20", dark: "#ff8a80" };

/** From where the accuracies are drawn: they mostly lie in the upper part. */
function lowest(curve: RiskCurve, accuracy: number | null): number {
  return Math.max(0, Math.floor(10 * Math.min(...curve.accuracy, accuracy ?? 1) - 0.5) / 10);
}

/** The accuracy that is left over the share of images that the model decides; the dot is where the spans put it. */
export function RiskChart({ curve, decided }: { curve: RiskCurve; decided: Abstention["decided"] }) {
  const { t } = useTranslation();
  const here = coverageOf(decided);
  const { accuracy } = decided;
  const option = useCallback(
    (palette: ChartPalette) => {
      const percents = { color: palette.text, formatter: (value: number) => `${Math.round(100 * value)} %` };
      const red = palette.surface === "#ffffff" ? SPAN_COLOR.light : SPAN_COLOR.dark;
      return {
        grid: { left: 62, right: 22, top: 14, bottom: 44 },
        tooltip: {
          trigger: "item", backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.text },
          formatter: ({ data }: { data: number[] }) => t("statistics.riskPoint", { coverage: shown(data[0]), accuracy: shown(data[1]) }),
        },
        xAxis: { ...axis(palette, t("statistics.coverage")), nameGap: 28, min: 0, max: 1, axisLabel: percents },
        yAxis: { ...axis(palette, t("statistics.rightOfDecided")), nameGap: 46, min: lowest(curve, accuracy), max: 1, axisLabel: percents },
        series: [
          { type: "line", color: palette.series[0], lineStyle: { width: 2.4 }, symbol: "circle", symbolSize: 5, showSymbol: curve.coverage.length < 60, data: curve.coverage.map((share, n) => [share, curve.accuracy[n] ?? 0]) },
          ...(accuracy === null
            ? []
            : [
                { type: "line", color: red, symbol: "none", silent: true, lineStyle: { width: 2, type: "dashed" }, data: [[here, 0], [here, 1]], z: 5 },
                { type: "line", color: red, symbol: "circle", symbolSize: 10, silent: true, data: [[here, accuracy]], z: 6 },
              ]),
        ],
      };
    },
    [curve, here, accuracy, t],
  );
  return <Chart option={option} label={t("statistics.riskChart", { coverage: shown(here), accuracy: shown(accuracy), area: curve.area.toFixed(3) })} height={260} />;
}
