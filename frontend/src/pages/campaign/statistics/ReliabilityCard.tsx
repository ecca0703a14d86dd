import { Button, Card, Group, Select, SimpleGrid, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconTemperature } from "@tabler/icons-react";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Reliability, type Statistics, type Subject, useStatisticsActions } from "@/api/statistics";
import type { Campaign } from "@/api/types";
import { Chart } from "@/parts/chart/Chart";
import { axis, type ChartPalette } from "@/parts/chart/types";
import { mayManage } from "../roles";
import { shown } from "./figures";
import { isNamedSlice } from "./slices";

function Diagram({ reliability, title }: { reliability: Reliability; title: string }) {
  const { t } = useTranslation();
  const option = useCallback(
    (palette: ChartPalette) => {
      const percents = { color: palette.text, formatter: (value: number) => `${Math.round(100 * value)} %` };
      const most = Math.max(1, ...reliability.bins.map((bin) => bin.count));
      return {
        grid: { left: 56, right: 18, top: 14, bottom: 44 },
        tooltip: {
          trigger: "item", backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.text },
          formatter: ({ data }: { data: number[] }) => t("statistics.bin", { confidence: shown(data[0]), accuracy: shown(data[1]), count: data[2] ?? 0 }),
        },
        xAxis: { ...axis(palette, t("statistics.confidence")), nameGap: 28, min: 0, max: 1, axisLabel: percents },
        yAxis: { ...axis(palette, ""), min: 0, max: 1, axisLabel: percents },
        series: [
          { type: "line", color: palette.muted, symbol: "none", silent: true, lineStyle: { type: "dashed", width: 1.5 }, data: [[0, 0], [1, 1]] },
          {
            type: "line", color: palette.series[0], lineStyle: { width: 2.2 }, symbol: "circle", symbolSize: (data: number[]) => 6 + 16 * Math.sqrt((data[2] ?? 0) / most),
            data: reliability.bins.filter((bin) => bin.count > 0).map((bin) => [bin.confidence, bin.accuracy, bin.count]),
          },
        ],
      };
    },
    [reliability, t],
  );
  return (
    <div>
      <Text size="sm" fw={500}>
        {title}
      </Text>
      <Chart option={option} label={t("statistics.reliabilityChart", { title, error: shown(reliability.error) })} height={250} />
    </div>
  );
}

/** What the temperature was fitted to; where that is measured here as well, the second diagram flatters, and says so. */
function FittedTo({ statistics }: { statistics: Statistics }) {
  const { t } = useTranslation();
  const fitted = statistics.calibrated_on;
  if (fitted === null) return null;
  const slice = isNamedSlice(fitted.slice) ? t(`statistics.slices.${fitted.slice}`) : t("statistics.someImages");
  return (
    <>
      <Text size="sm" c="dimmed" data-testid="fitted-to">
        {t("statistics.fittedTo", { slice, count: fitted.images })}
      </Text>
      {fitted.shared > 0 && (
        <Group gap={6} wrap="nowrap" align="flex-start" data-testid="fitted-here">
          <IconAlertTriangle size={16} aria-hidden="true" style={{ flex: "none", marginTop: 2 }} />
          <Text size="sm">{t("statistics.fittedHere", { count: fitted.shared })}</Text>
        </Group>
      )}
    </>
  );
}

/** Whether the model is as often right as it is sure, and one temperature that mends it, fitted to images that taught it nothing. */
export function ReliabilityCard({ campaign, subject, statistics }: { campaign: Campaign; subject: Subject; statistics: Statistics }) {
  const { t } = useTranslation();
  const { calibrate, forget } = useStatisticsActions(subject);
  const [on, setOn] = useState("validation");
  const { reliability, calibrated, temperature, shift } = statistics;
  if (reliability === null) return null;
  const choices = (["validation", "test"] as const).map((value) => ({ value: value as string, label: t(`statistics.slices.${value}`) }));
  return (
    <Card data-testid="reliability">
      <Group justify="space-between" align="flex-end" mb="xs">
        <Title order={2} fz={18}>
          {t("statistics.reliability")}
        </Title>
        {mayManage(campaign.role) && (
          <Group gap="xs" align="flex-end">
            {temperature !== null && (
              <Button size="xs" variant="subtle" loading={forget.isPending} onClick={() => forget.mutate()} data-testid="forget-temperature">
                {t("statistics.forget")}
              </Button>
            )}
            <Select
              size="xs" w={180} label={t("statistics.calibrateOn")} allowDeselect={false} value={on} onChange={(value) => setOn(value ?? "validation")} data-testid="calibrate-on"
              data={isNamedSlice(subject.slice) ? choices : [...choices, { value: "here", label: t("statistics.thisSlice") }]}
            />
            <Button size="xs" variant="default" leftSection={<IconTemperature size={15} />} loading={calibrate.isPending} onClick={() => calibrate.mutate(on === "here" ? subject.slice : on)} data-testid="calibrate">
              {t("statistics.calibrate")}
            </Button>
          </Group>
        )}
      </Group>
      <Text size="sm" c="dimmed" mb="sm" data-testid="temperature">
        {temperature === null ? t("statistics.reliabilityText", { error: shown(reliability.error) }) : t(shift === 0 ? "statistics.temperature" : "statistics.temperatureShifted", { temperature: temperature.toFixed(2), shift: shift.toFixed(2), before: shown(reliability.error), after: shown(calibrated?.error) })}
      </Text>
      <FittedTo statistics={statistics} />
      <SimpleGrid cols={{ base: 1, md: calibrated === null ? 1 : 2 }} mt="sm">
        <Diagram reliability={reliability} title={t("statistics.asAnswered")} />
        {calibrated !== null && <Diagram reliability={calibrated} title={t("statistics.calibratedTitle")} />}
      </SimpleGrid>
    </Card>
  );
}
