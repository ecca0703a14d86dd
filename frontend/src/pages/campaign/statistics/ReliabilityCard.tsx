import { Button, Card, Group, SimpleGrid, Text, Title } from "@mantine/core";
import { IconTemperature } from "@tabler/icons-react";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { type Reliability, type Statistics, type Subject, useStatisticsActions } from "@/api/statistics";
import type { Campaign } from "@/api/types";
import { Chart } from "@/parts/chart/Chart";
import { axis, type ChartPalette } from "@/parts/chart/types";
import { mayManage } from "../roles";
import { shown } from "./figures";

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

/** Whether the model is as often right as it is sure, and one temperature that mends it. */
export function ReliabilityCard({ campaign, subject, statistics }: { campaign: Campaign; subject: Subject; statistics: Statistics }) {
  const { t } = useTranslation();
  const { calibrate, forget } = useStatisticsActions(subject);
  const { reliability, calibrated, temperature, shift } = statistics;
  if (reliability === null) return null;
  return (
    <Card data-testid="reliability">
      <Group justify="space-between" mb="xs">
        <Title order={2} fz={18}>
          {t("statistics.reliability")}
        </Title>
        {mayManage(campaign.role) && (
          <Group gap="xs">
            {temperature !== null && (
              <Button size="xs" variant="subtle" loading={forget.isPending} onClick={() => forget.mutate()} data-testid="forget-temperature">
                {t("statistics.forget")}
              </Button>
            )}
            <Button size="xs" variant="default" leftSection={<IconTemperature size={15} />} loading={calibrate.isPending} onClick={() => calibrate.mutate()} data-testid="calibrate">
              {t("statistics.calibrate")}
            </Button>
          </Group>
        )}
      </Group>
      <Text size="sm" c="dimmed" mb="sm" data-testid="temperature">
        {temperature === null ? t("statistics.reliabilityText", { error: shown(reliability.error) }) : t(shift === 0 ? "statistics.temperature" : "statistics.temperatureShifted", { temperature: temperature.toFixed(2), shift: shift.toFixed(2), before: shown(reliability.error), after: shown(calibrated?.error) })}
      </Text>
      <SimpleGrid cols={{ base: 1, md: calibrated === null ? 1 : 2 }}>
        <Diagram reliability={reliability} title={t("statistics.asAnswered")} />
        {calibrated !== null && <Diagram reliability={calibrated} title={t("statistics.calibratedTitle")} />}
      </SimpleGrid>
    </Card>
  );
}
