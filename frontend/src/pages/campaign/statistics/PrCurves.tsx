import { Card, Group, MultiSelect, Select, Slider, Text, Title } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Curve, type Curves, curvesQuery, type Subject, type Thresholds } from "@/api/statistics";
import type { Campaign, CampaignModel } from "@/api/types";
import { Chart } from "@/parts/chart/Chart";
import { axis, type ChartPalette } from "@/parts/chart/types";
import { modelTitle } from "@/parts/modelTitle";
import { atThreshold, nearestRecall, setAll as same, stepAlong } from "./curves";
import { shown as percent } from "./figures";

const MOST_OTHERS = 3;
const THRESHOLD_COLOR = { light: "#c22a20", dark: "#ff8a80" };

interface Props {
  campaign: Campaign;
  subject: Subject;
  attached: readonly CampaignModel[];
  curves: Curves;
  thresholds: Thresholds;
  /** A label, or null for all of them. */
  shown: number | null;
  setShown: (label: number | null) => void;
  onChange: (label: number, threshold: number) => void;
  setAll: (thresholds: Thresholds) => void;
}

interface Line {
  readonly name: string;
  readonly curve: Curve;
}

function curveOf(curves: Curves, label: number | null): Curve | undefined {
  return label === null ? curves.pooled : curves.labels.find((one) => one.label_id === label);
}

/** The curves of other models on the same slice, once they have come. */
function useOthers(subject: Subject, chosen: readonly number[], attached: readonly CampaignModel[], label: number | null): Line[] {
  const found = useQueries({ queries: chosen.map((model) => curvesQuery({ ...subject, model })) });
  return chosen.flatMap((id, place) => {
    const model = attached.find((one) => one.model.id === id)?.model;
    const curves = found[place]?.data;
    const curve = curves === undefined ? undefined : curveOf(curves, label);
    return model === undefined || curve === undefined ? [] : [{ name: modelTitle(model), curve }];
  });
}

function useOption(lines: readonly Line[], at: number | null) {
  const { t } = useTranslation();
  return useCallback(
    (palette: ChartPalette) => {
      const percents = { color: palette.text, formatter: (value: number) => `${Math.round(100 * value)} %` };
      const red = palette.surface === "#ffffff" ? THRESHOLD_COLOR.light : THRESHOLD_COLOR.dark;
      return {
        grid: { left: 56, right: 22, top: 34, bottom: 44 },
        legend: { top: 0, left: 0, icon: "roundRect", itemWidth: 14, itemHeight: 4, textStyle: { color: palette.text }, data: lines.map((line) => line.name) },
        tooltip: {
          trigger: "item", backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.text },
          formatter: ({ data }: { data: number[] }) => t("statistics.point", { threshold: (data[2] ?? 0).toFixed(3), precision: percent(data[1]), recall: percent(data[0]) }),
        },
        xAxis: { ...axis(palette, t("statistics.column.recall")), nameGap: 28, min: 0, max: 1, axisLabel: percents },
        yAxis: { ...axis(palette, ""), min: 0, max: 1, axisLabel: percents },
        series: [
          ...lines.map(({ name, curve }, place) => ({
            type: "line", name, color: palette.series[place % palette.series.length], symbol: curve.thresholds.length < 60 ? "circle" : "none", symbolSize: 5,
            lineStyle: { width: place === 0 ? 2.6 : 1.6, type: place === 0 ? "solid" : [8, 3 + 2 * place] },
            data: curve.thresholds.map((threshold, n) => [curve.recall[n], curve.precision[n], threshold]),
          })),
          ...(at === null ? [] : [{ type: "line", name: t("statistics.threshold"), color: red, symbol: "none", silent: true, lineStyle: { width: 2, type: "dashed" }, data: [[at, 0], [at, 1]], z: 5 }]),
        ],
      };
    },
    [lines, at, t],
  );
}

/** Precision over recall: the dashed line is the threshold; drag it, step it, or type it in the table. */
export function PrCurves({ campaign, subject, attached, curves, thresholds, shown, setShown, onChange, setAll }: Props) {
  const { t } = useTranslation();
  const [others, setOthers] = useState<string[]>([]);
  const label = shown !== null && curves.labels.some((one) => one.label_id === shown) ? shown : null;
  const curve = curveOf(curves, label) ?? curves.pooled;
  const own = attached.find((one) => one.model.id === subject.model)?.model;
  const overlaid = useOthers(subject, others.map(Number), attached, label);
  const lines = [{ name: own === undefined ? "" : modelTitle(own), curve }, ...overlaid];
  const all = Object.values(thresholds);
  const common = all.length > 0 && all.every((value) => value === all[0]) ? (all[0] ?? null) : null;
  const threshold = label === null ? common : (thresholds[String(label)] ?? null);
  const point = threshold === null ? null : atThreshold(curve, threshold);
  const option = useOption(lines, threshold === null ? null : (point?.recall ?? 0));
  const move = useCallback(
    (value: number) => {
      if (label === null) setAll(same(curves.labels.map((one) => one.label_id), value));
      else onChange(label, value);
    },
    [label, curves, setAll, onChange],
  );
  const drag = useCallback(
    (recall: number) => {
      const nearest = nearestRecall(curve, recall);
      if (nearest !== null) move(nearest.threshold);
    },
    [curve, move],
  );
  const name = label === null ? t("statistics.allLabels") : (campaign.labels.find((one) => one.id === label)?.name ?? "");
  const told = point === null ? "" : t("statistics.point", { threshold: point.threshold.toFixed(3), precision: percent(point.precision), recall: percent(point.recall) });
  return (
    <Card data-testid="pr-curves">
      <Group justify="space-between" align="flex-end" mb="sm">
        <div>
          <Title order={2} fz={18}>
            {t("statistics.curves")}
          </Title>
          <Text size="sm" c="dimmed">
            {t("statistics.curvesText")}
          </Text>
        </div>
        <Group align="flex-end">
          <Select
            size="xs" w={200} searchable label={t("statistics.label")} allowDeselect={false} value={label === null ? "all" : String(label)} onChange={(value) => setShown(value === "all" || value === null ? null : Number(value))}
            data={[{ value: "all", label: t("statistics.allLabels") }, ...curves.labels.map((one) => ({ value: String(one.label_id), label: campaign.labels.find((each) => each.id === one.label_id)?.name ?? String(one.label_id) }))]}
            data-testid="curve-label"
          />
          {attached.length > 1 && (
            <MultiSelect
              size="xs" miw={220} label={t("statistics.overlay")} maxValues={MOST_OTHERS} value={others} onChange={setOthers}
              data={attached.filter((one) => one.model.id !== subject.model).map((one) => ({ value: String(one.model.id), label: modelTitle(one.model) }))}
            />
          )}
        </Group>
      </Group>
      <Chart option={option} label={t("statistics.chart", { name, point: told })} height={320} onPoint={drag} />
      <Group wrap="nowrap" mt="xs" gap="md">
        <Text size="sm" style={{ flex: "none" }}>
          {t("statistics.threshold")}
        </Text>
        <Slider
          style={{ flex: 1 }} min={0} max={1} step={0.001} value={threshold ?? 0.5} onChange={move} label={(value) => value.toFixed(3)} thumbLabel={t("statistics.thresholdOf", { name })}
          onKeyDownCapture={(event) => {
            // From point to point of the curve: between two of them nothing changes.
            const direction = event.key === "ArrowLeft" || event.key === "ArrowDown" ? 1 : event.key === "ArrowRight" || event.key === "ArrowUp" ? -1 : null;
            if (direction === null) return;
            event.preventDefault();
            event.stopPropagation();
            move(stepAlong(curve, threshold ?? 0.5, direction));
          }}
          data-testid="threshold-slider"
        />
        <Text size="sm" className="winnow-numbers" w={300} ta="right" data-testid="threshold-point">
          {told}
        </Text>
      </Group>
    </Card>
  );
}
