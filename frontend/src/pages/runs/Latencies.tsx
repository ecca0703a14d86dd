import { Card, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useLatencies } from "@/api/runs";
import type { Run } from "@/api/types";
import classes from "./Latencies.module.css";

/** Milliseconds as a person reads them. */
export function readable(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

/** How long a model's answers took, as a histogram whose bins grow with the latency. */
export function Latencies({ run }: { run: Run }) {
  const { t } = useTranslation();
  const { data } = useLatencies(run);
  if (!data || data.count === 0 || data.p50_ms === null || data.p95_ms === null || data.slowest_ms === null) return null;
  const most = Math.max(...data.bins.map(({ count }) => count));
  const first = data.bins[0];
  const last = data.bins.at(-1);
  return (
    <Card component="section" aria-labelledby="latencies" data-testid="latencies">
      <Title order={2} fz={18} mb={4} id="latencies">
        {t("runs.latencies")}
      </Title>
      <Text size="sm" className="winnow-numbers" mb="sm">
        {t("runs.latencyFigures", { count: data.count, p50: readable(data.p50_ms), p95: readable(data.p95_ms), slowest: readable(data.slowest_ms) })}
      </Text>
      <div className={classes["bars"]} aria-hidden="true">
        {data.bins.map((bin) => (
          <div key={bin.from_ms} className={classes["bar"]} title={t("runs.latencyBin", { count: bin.count, from: readable(bin.from_ms), to: readable(bin.to_ms) })}>
            <div style={{ height: `${Math.max(bin.count > 0 ? 3 : 0, (100 * bin.count) / most)}%` }} />
          </div>
        ))}
      </div>
      <div className={classes["ends"]}>
        <Text size="xs" c="dimmed">
          {first && readable(first.from_ms)}
        </Text>
        <Text size="xs" c="dimmed">
          {last && readable(last.to_ms)}
        </Text>
      </div>
    </Card>
  );
}
