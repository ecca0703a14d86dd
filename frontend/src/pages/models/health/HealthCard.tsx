import { Button, Card, Code, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconHeartbeat } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useCheckHealth, useModelHealth } from "@/api/modelHealth";
import type { ModelHealth, RegisteredModel } from "@/api/types";
import { Loaded } from "@/parts/states";
import { When } from "@/parts/When";
import { shownMs, shownShare, upShare } from "./health";
import classes from "./health.module.css";
import { HealthBadge } from "./HealthBadge";
import { Sparkline } from "./Sparkline";

function Figure({ title, value, children }: { title: string; value: string; children?: React.ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {title}
      </Text>
      <div className={classes["figure"]}>{value}</div>
      {children}
    </div>
  );
}

function History({ health }: { health: ModelHealth }) {
  const { t } = useTranslation();
  const share = upShare(health);
  if (share === null) return null;
  return (
    <div>
      <Text size="xs" c="dimmed" mb={4}>
        {t("health.history", { count: health.checks.length, share: shownShare(share) })}
      </Text>
      <ul className={classes["history"]} aria-label={t("health.history", { count: health.checks.length, share: shownShare(share) })}>
        {[...health.checks].reverse().map((check, at) => (
          <li key={at} className={classes["check"]} data-up={check.is_up} title={`${new Date(check.created_at).toLocaleString()}: ${t(`health.state.${check.is_up ? "up" : "down"}`)}. ${check.detail}`} />
        ))}
      </ul>
    </div>
  );
}

function Figures({ health }: { health: ModelHealth }) {
  const { t } = useTranslation();
  const { calls } = health;
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} data-testid="call-figures">
      <Figure title={t("health.p50")} value={shownMs(calls.p50_ms)}>
        <Sparkline values={calls.trend.map((point) => point.p50_ms)} label={t("health.trend", { ms: shownMs(calls.p50_ms) })} />
      </Figure>
      <Figure title={t("health.p95")} value={shownMs(calls.p95_ms)} />
      <Figure title={t("health.errors")} value={shownShare(calls.error_rate)}>
        {calls.failures > 0 && <Sparkline values={calls.trend.map((point) => point.error_rate)} label={t("health.errorTrend", { share: shownShare(calls.error_rate) })} />}
      </Figure>
      <Figure title={t("health.calls")} value={calls.calls.toLocaleString()} />
    </SimpleGrid>
  );
}

/** Whether the model is up, how it was before, and how its last calls went. */
export function HealthCard({ model }: { model: RegisteredModel }) {
  const { t } = useTranslation();
  const query = useModelHealth(model.id);
  const check = useCheckHealth(model.id);
  return (
    <Card data-testid="model-health">
      <Loaded query={query}>
        {(health) => (
          <Stack>
            <Group justify="space-between">
              <Group gap="sm">
                <Title order={2} fz={18}>
                  {t("health.title")}
                </Title>
                <HealthBadge health={health} />
              </Group>
              {model.may_change && (
                <Button size="xs" variant="default" leftSection={<IconHeartbeat size={15} />} onClick={() => check.mutate()} loading={check.isPending} data-testid="check-health">
                  {t("health.check")}
                </Button>
              )}
            </Group>
            <Text size="sm" c="dimmed" aria-live="polite">
              {health.checks[0]?.detail ?? t("health.neverText")}
            </Text>
            <History health={health} />
            {health.calls.calls > 0 && <Figures health={health} />}
            {health.calls.last_error_code !== "" && (
              <Group gap={6} align="baseline" wrap="nowrap">
                <Text size="sm" style={{ flex: "none" }}>
                  {t("health.lastError")} <Code data-testid="last-error">{health.calls.last_error_code}</Code>
                </Text>
                <Text size="sm" lineClamp={2}>
                  {health.calls.last_error}
                </Text>
                <When time={health.calls.last_error_at} />
              </Group>
            )}
          </Stack>
        )}
      </Loaded>
    </Card>
  );
}
