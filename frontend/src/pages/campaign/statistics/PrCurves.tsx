import { Card, Group, MultiSelect, SegmentedControl, Select, Slider, Text, Title } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Curve, type Curves, curvesQuery, type Statistics, type Subject, type Thresholds } from "@/api/statistics";
import type { Campaign, CampaignModel } from "@/api/types";
import { Chart } from "@/parts/chart/Chart";
import { axis, type ChartPalette } from "@/parts/chart/types";
import { modelTitle } from "@/parts/modelTitle";
import { commonOf, type Operating, spotsOf, thresholdAt, type View, workingPoint } from "./curvePoints";
import { setAll as same, stepAlong } from "./curves";
import { shown as percent } from "./figures";

const MOST_OTHERS = 3;
const THRESHOLD_COLOR = { light: "#c22a20", dark: "#ff8a80" };

interface Props {
  campaign: Campaign;
  subject: Subject;
  statistics: Statistics;
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

function useOption(lines: readonly Line[], at: Operating | null, view: View) {
  const { t } = useTranslation();
  return useCallback(
    (palette: ChartPalette) => {
      const percents = { color: palette.text, formatter: (value: number) => `${Math.round(100 * value)} %` };
      const red = palette.surface === "#ffffff" ? THRESHOLD_COLOR.light : THRESHOLD_COLOR.dark;
      const [x, y] = at === null ? [0, 0] : view === "pr" ? [at.recall, at.precision] : [at.falsePositives, at.recall];
      const told = ([across, up, threshold]: number[]) =>
        view === "pr"
          ? t("statistics.point", { threshold: (threshold ?? 0).toFixed(3), precision: percent(up), recall: percent(across) })
          : t("statistics.rocPoint", { threshold: (threshold ?? 0).toFixed(3), recall: percent(up), falsePositives: percent(across) });
      return {
        grid: { left: 62, right: 22, top: 34, bottom: 44 },
        legend: { top: 0, left: 0, icon: "roundRect", itemWidth: 14, itemHeight: 4, textStyle: { color: palette.text }, data: lines.map((line) => line.name) },
        tooltip: { trigger: "item", backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.text }, formatter: ({ data }: { data: number[] }) => told(data) },
        xAxis: { ...axis(palette, t(view === "pr" ? "statistics.column.recall" : "statistics.falsePositives")), nameGap: 28, min: 0, max: 1, axisLabel: percents },
        yAxis: { ...axis(palette, t(view === "pr" ? "statistics.column.precision" : "statistics.column.recall")), nameGap: 46, min: 0, max: 1, axisLabel: percents },
        series: [
          ...lines.map(({ name, curve }, place) => ({
            type: "line", name, color: palette.series[place % palette.series.length], symbol: curve.thresholds.length < 60 ? "circle" : "none", symbolSize: 5,
            lineStyle: { width: place === 0 ? 2.6 : 1.6, type: place === 0 ? "solid" : [8, 3 + 2 * place] },
            data: spotsOf(curve, view),
          })),
          ...(view === "roc" ? [{ type: "line", color: palette.muted, symbol: "none", silent: true, lineStyle: { width: 1, type: "dotted" }, data: [[0, 0], [1, 1]] }] : []),
          ...(at === null
            ? []
            : [
                { type: "line", name: t("statistics.threshold"), color: red, symbol: "none", silent: true, lineStyle: { width: 2, type: "dashed" }, data: [[x, 0], [x, 1]], z: 5 },
                { type: "line", color: red, symbol: "circle", symbolSize: 10, silent: true, data: [[x, y]], z: 6 },
              ]),
        ],
      };
    },
    [lines, at, t, view],
  );
}

/** Precision over recall, or ROC: the dashed line is the threshold; drag it, step it, or type it in the table. */
export function PrCurves({ campaign, subject, statistics, attached, curves, thresholds, shown, setShown, onChange, setAll }: Props) {
  const { t } = useTranslation();
  const [others, setOthers] = useState<string[]>([]);
  const [wished, setView] = useState<View>("pr");
  const label = shown !== null && curves.labels.some((one) => one.label_id === shown) ? shown : null;
  const curve = curveOf(curves, label) ?? curves.pooled;
  const view = curve.roc === null ? "pr" : wished;
  const own = attached.find((one) => one.model.id === subject.model)?.model;
  const overlaid = useOthers(subject, others.map(Number), attached, label);
  const lines = [{ name: own === undefined ? "" : modelTitle(own), curve }, ...overlaid];
  const threshold = label === null ? commonOf(thresholds) : (thresholds[String(label)] ?? null);
  const point = workingPoint(curve, statistics, label, threshold);
  const option = useOption(lines, point, view);
  const move = useCallback(
    (value: number) => {
      if (label === null) setAll(same(curves.labels.map((one) => one.label_id), value));
      else onChange(label, value);
    },
    [label, curves, setAll, onChange],
  );
  const drag = useCallback(
    (x: number) => {
      const threshold = thresholdAt(curve, view, x);
      if (threshold !== null) move(threshold);
    },
    [curve, move, view],
  );
  // One label an image: what is not the likeliest is not said, whatever its threshold, so that its place on the ROC curve cannot be chosen.
  const isDraggable = view === "pr" || statistics.multi_label;
  const name = label === null ? t("statistics.allLabels") : (campaign.labels.find((one) => one.id === label)?.name ?? "");
  const facts = point === null ? null : { precision: percent(point.precision), recall: percent(point.recall) };
  const told = facts === null ? "" : threshold === null ? t("statistics.pointOwn", facts) : t("statistics.point", { threshold: threshold.toFixed(3), ...facts });
  return (
    <Card data-testid="pr-curves" data-view={view}>
      <Group justify="space-between" align="flex-end" mb="sm">
        <div>
          <Title order={2} fz={18}>
            {t(view === "pr" ? "statistics.curves" : "statistics.roc")}
          </Title>
          <Text size="sm" c="dimmed">
            {t(isDraggable ? "statistics.curvesText" : "statistics.rocText")}
          </Text>
        </div>
        <Group align="flex-end">
          {curve.roc !== null && (
            <SegmentedControl size="xs" aria-label={t("statistics.curveKind")} value={view} onChange={(value) => setView(value as View)} data={[{ value: "pr", label: t("statistics.pr") }, { value: "roc", label: t("statistics.rocShort") }]} data-testid="curve-kind" />
          )}
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
      <Chart option={option} label={t("statistics.chart", { name, point: told })} height={320} {...(isDraggable ? { onPoint: drag } : {})} />
      <Group mt="xs" gap="xs">
        <Text size="sm" style={{ flex: "none" }}>
          {t("statistics.threshold")}
        </Text>
        <Slider
          style={{ flex: "1 1 180px" }} min={0} max={1} step={0.001} value={threshold ?? 0.5} onChange={move} label={(value) => value.toFixed(3)} thumbLabel={t("statistics.thresholdOf", { name })}
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
        <Text size="sm" className="winnow-numbers" miw={{ sm: 300 }} ta="right" data-testid="threshold-point">
          {told}
        </Text>
      </Group>
    </Card>
  );
}
