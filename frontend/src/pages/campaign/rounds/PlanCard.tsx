import { Button, Card, Group, NumberInput, Select, Stack, Switch, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconDeviceFloppy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useStrategiesOf } from "@/api/learning";
import { type RoundPlan, useRoundPlan, useSetRoundPlan } from "@/api/progress";
import { useRun } from "@/api/runs";
import type { Campaign } from "@/api/types";
import { Loaded } from "@/parts/states";
import { mayManage } from "../roles";
import { AUTOMATIC, planForm, planOf } from "./plan";

/** How the last ranking by itself went: how long after the label the queue had its new order. */
function LastRanking({ run: id }: { run: number }) {
  const { t } = useTranslation();
  const run = useRun(id).data;
  if (run === undefined) return null;
  const { labeled, ranked, seconds_since_label: after } = run.result as { labeled?: number; ranked?: number; seconds_since_label?: number };
  const text =
    run.state === "succeeded" && typeof labeled === "number" && typeof ranked === "number"
      ? t("rounds.plan.last", { labeled, ranked, seconds: (after ?? 0).toFixed(1) })
      : run.error !== ""
        ? run.error
        : typeof run.result["message"] === "string"
          ? run.result["message"]
          : t(`runs.state.${run.state}`);
  return (
    <Text size="sm" c="dimmed" data-testid="last-ranking" data-state={run.state} data-run={run.id} data-labeled={labeled ?? ""}>
      {text}
    </Text>
  );
}

function PlanForm({ campaign, plan }: { campaign: Campaign; plan: RoundPlan }) {
  const { t } = useTranslation();
  const set = useSetRoundPlan(campaign.id);
  const form = useForm({ initialValues: planForm(plan, Intl.DateTimeFormat().resolvedOptions().timeZone) });
  const { again, nightly } = form.values;
  const strategies = useStrategiesOf(campaign.id).data ?? [];
  const best = strategies.find((one) => one.default)?.title ?? "";
  return (
    <form onSubmit={form.onSubmit((values) => set.mutate(planOf(values, plan), { onSuccess: () => form.resetDirty() }))}>
      <Stack gap="md">
        <Stack gap={6}>
          <Group gap="sm">
            <Switch label={t("rounds.plan.again")} data-testid="plan-again" {...form.getInputProps("again", { type: "checkbox" })} />
            <NumberInput aria-label={t("rounds.plan.every")} min={1} max={100_000} w={92} size="xs" disabled={!again} data-testid="plan-every" {...form.getInputProps("every")} />
            <Text size="sm">{t("rounds.plan.images")}</Text>
          </Group>
          <Text size="sm" c="dimmed">
            {plan.explanation}
          </Text>
          {plan.every > 0 && (
            <Text size="sm" className="winnow-numbers" data-testid="new-labels">
              {t("rounds.plan.newLabels", { count: plan.new_labels, every: plan.every })}
            </Text>
          )}
          {plan.run !== null && <LastRanking run={plan.run} />}
        </Stack>
        <Stack gap={6}>
          <Group gap="sm">
            <Switch label={t("rounds.plan.nightly")} data-testid="plan-nightly" {...form.getInputProps("nightly", { type: "checkbox" })} />
            <TextInput type="time" aria-label={t("rounds.plan.at")} w={110} size="xs" disabled={!nightly} data-testid="plan-at" {...form.getInputProps("at")} />
            <Text size="sm">{t("rounds.plan.if")}</Text>
            <NumberInput aria-label={t("rounds.plan.atLeast")} min={1} max={100_000} w={92} size="xs" disabled={!nightly} {...form.getInputProps("atLeast")} />
            <Text size="sm">{t("rounds.plan.labels")}</Text>
          </Group>
          <Text size="sm" c="dimmed">
            {t("rounds.plan.zone", { zone: form.values.zone })} {plan.note}
          </Text>
        </Stack>
        <Group align="flex-end">
          <Select
            label={t("rounds.plan.strategy")}
            size="xs"
            w={300}
            allowDeselect={false}
            data={[{ value: AUTOMATIC, label: t("rounds.plan.automatic", { title: best }) }, ...strategies.map((one) => ({ value: one.name, label: one.title }))]}
            data-testid="plan-strategy"
            {...form.getInputProps("strategy")}
          />
          <NumberInput label={t("rounds.size")} min={1} max={100_000} w={92} size="xs" data-testid="plan-size" {...form.getInputProps("size")} />
          <Button type="submit" size="xs" variant="light" leftSection={<IconDeviceFloppy size={15} />} loading={set.isPending} disabled={!form.isDirty()} data-testid="save-plan">
            {t("rounds.plan.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function PlanFacts({ plan }: { plan: RoundPlan }) {
  const { t } = useTranslation();
  return (
    <Text size="sm">
      {plan.every > 0 ? t("rounds.plan.isEvery", { count: plan.every }) : t("rounds.plan.isNever")}
      {plan.nightly && ` ${t("rounds.plan.isNightly", { at: plan.at, zone: plan.zone, count: plan.at_least })}`}
    </Text>
  );
}

/** What the rounds do by themselves. */
export function PlanCard({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const query = useRoundPlan(campaign.id);
  return (
    <Card data-testid="round-plan">
      <Title order={2} fz={18} mb="sm">
        {t("rounds.plan.title")}
      </Title>
      <Loaded query={query}>{(plan) => (mayManage(campaign.role) ? <PlanForm campaign={campaign} plan={plan} /> : <PlanFacts plan={plan} />)}</Loaded>
    </Card>
  );
}
