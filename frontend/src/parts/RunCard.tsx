import { Badge, Button, Card, Group, Progress, Stack, Text } from "@mantine/core";
import { IconPlayerStop, IconRefresh } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { isFinished, useRun, useRunActions } from "@/api/runs";
import type { Run } from "@/api/types";
import { duration, elapsed, percent, rate, STATE_COLORS, subjectOf, wayOn } from "./runFormat";
import { ErrorState, LoadingRows } from "./states";

export function RunStateBadge({ run }: { run: Run }) {
  const { t } = useTranslation();
  const stopping = run.cancel_requested && !isFinished(run);
  const partly = run.state === "succeeded" && run.progress.failed > 0;
  return (
    <Badge color={partly ? "wheat" : STATE_COLORS[run.state]} data-testid="run-state" data-state={run.state}>
      {stopping ? t("runs.stopping") : t(`runs.state.${partly ? "partly" : run.state}`)}
    </Badge>
  );
}

/** What a kind of run is called; a kind that this page does not know keeps its own name. */
export function useKindName(): (kind: string) => string {
  const { t, i18n } = useTranslation();
  return (kind) => (i18n.exists(`runs.kind.${kind}`) ? t(`runs.kind.${kind}` as "runs.kind.inference") : kind.replaceAll(/[-_.]/g, " "));
}

/** What a run is called in a list: its kind, what it is about, and its number. */
export function useRunTitle(): (run: Run) => string {
  const kindName = useKindName();
  return (run) => {
    const subject = subjectOf(run);
    return `${kindName(run.kind)}${subject === "" ? "" : ` · ${subject}`} #${run.id}`;
  };
}

export function RunBar({ run }: { run: Run }) {
  const { t } = useTranslation();
  const share = percent(run.progress);
  const going = !isFinished(run);
  const color = run.state === "failed" || run.state === "timed_out" ? "var(--winnow-bar-bad)" : "var(--winnow-bar)";
  const value = run.state === "succeeded" && run.progress.failed === 0 ? 100 : (share ?? (going ? 100 : 0));
  return (
    <Progress.Root size="md" radius="xl">
      <Progress.Section
        value={value}
        color={color}
        striped={going && share === null}
        animated={going && run.state === "running"}
        aria-label={t("runs.progress")}
        {...(share === null && going ? { "aria-valuetext": t("runs.unknownTotal") } : {})}
      />
    </Progress.Root>
  );
}

/** One line of figures: done of total, failed, rate, time left or taken. */
export function RunFigures({ run, eta: tells = true }: { run: Run; eta?: boolean }) {
  const { t } = useTranslation();
  const { done, total, failed, rate: perSecond, eta_s: eta } = run.progress;
  const took = elapsed(run);
  const going = !isFinished(run);
  const parts = [
    total !== null && total !== undefined ? t("runs.doneOf", { done: done.toLocaleString(), total: total.toLocaleString() }) : done > 0 ? t("runs.done", { done: done.toLocaleString() }) : "",
    going ? rate(perSecond) : "",
    tells && going && eta !== null && eta !== undefined ? t("runs.left", { time: duration(eta) }) : "",
    took !== null ? t(going ? "runs.elapsed" : "runs.took", { time: duration(took) }) : "",
  ].filter((part) => part !== "");
  return (
    <Text size="sm" c="dimmed" className="winnow-numbers" data-testid="run-figures">
      {parts.join(" · ")}
      {failed > 0 && (
        <Text span c="var(--winnow-red-text)" inherit>
          {parts.length > 0 ? " · " : ""}
          {t("runs.failedItems", { count: failed })}
        </Text>
      )}
    </Text>
  );
}

export function RunActions({ run }: { run: Run }) {
  const { t } = useTranslation();
  const { cancel, retry } = useRunActions(run.id);
  if (!isFinished(run)) {
    return (
      <Button size="xs" variant="default" leftSection={<IconPlayerStop size={14} />} loading={cancel.isPending} disabled={run.cancel_requested} onClick={() => cancel.mutate()} data-testid="cancel-run">
        {t("runs.cancel")}
      </Button>
    );
  }
  const way = wayOn(run);
  if (way === null) return null;
  return (
    <Button size="xs" variant="light" leftSection={<IconRefresh size={14} />} loading={retry.isPending} onClick={() => retry.mutate()} data-testid="retry-failed">
      {way === "failed" ? t("runs.retry", { count: run.progress.failed }) : t(way === "again" ? "states.retry" : "runs.goOn")}
    </Button>
  );
}

interface CardProps {
  id: number;
  title?: string;
  /** Whether it leads to the run's own page. */
  details?: boolean;
  /** Whether what stands inside tells when it ends. */
  ownEta?: boolean;
  children?: (run: Run) => ReactNode;
}

/** A run as it goes: asked every second, cancelled or retried in place. */
export function RunCard({ id, title, details = true, ownEta = false, children }: CardProps) {
  const { t } = useTranslation();
  const query = useRun(id);
  const kindName = useKindName();
  if (query.data === undefined) return query.error === null ? <LoadingRows rows={1} height={96} /> : <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  const run = query.data;
  return (
    <Card padding="md" data-testid="run-card" data-run={run.id} data-state={run.state}>
      <Stack gap={8}>
        <Group justify="space-between" wrap="nowrap">
          {/* Only this speaks up as it changes: the figures change every second. */}
          <Group gap="xs" style={{ minWidth: 0 }} aria-live="polite" aria-atomic>
            <Text fw={600} truncate>
              {title ?? kindName(run.kind)}
            </Text>
            <RunStateBadge run={run} />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <RunActions run={run} />
            {details && (
              <Button component={Link} to={`/runs/${run.id}`} size="xs" variant="subtle" color="gray">
                {t("runs.details")}
              </Button>
            )}
          </Group>
        </Group>
        <RunBar run={run} />
        <Group justify="space-between" gap="xs">
          <RunFigures run={run} eta={!ownEta} />
          {run.message !== "" && (
            <Text size="sm" c="dimmed" truncate>
              {run.message}
            </Text>
          )}
        </Group>
        {run.error !== "" && (
          <Text size="sm" c="var(--winnow-red-text)" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }} lineClamp={6}>
            {run.error}
          </Text>
        )}
        {children?.(run)}
      </Stack>
    </Card>
  );
}
