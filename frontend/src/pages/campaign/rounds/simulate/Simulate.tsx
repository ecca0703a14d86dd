import { Accordion, Button, Card, Group, MultiSelect, NumberInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useStrategiesOf } from "@/api/learning";
import { type NewSimulation, type Simulation, useSimulations, useStartSimulation } from "@/api/progress";
import { isFinished } from "@/api/runs";
import type { Campaign } from "@/api/types";
import { RunCard } from "@/parts/RunCard";
import { When } from "@/parts/When";
import { mayManage } from "../../roles";
import { budgetsOf } from "./budgets";
import { SimulationResult } from "./SimulationResult";

const BASELINE = "random";
/** Each curve of drawings trains a network at every budget: fewer of them, to begin with. */
const SEEDS = { labels: 5, drawings: 3 } as const;
const FIRST = { classification: ["margin", "uherding"], segmentation: ["patches", "maxherding"], detection: ["maxherding", "ppal"], keypoints: ["maxherding", "ppal"] } as const satisfies Record<Campaign["task"], readonly string[]>;

function SimulationForm({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const strategies = useStrategiesOf(campaign.id);
  const seeds = campaign.task === "classification" ? SEEDS.labels : SEEDS.drawings;
  const start = useStartSimulation(campaign.id);
  const form = useForm({
    initialValues: { strategies: null as string[] | null, seeds: seeds as number | string, budgets: "" },
    validate: { budgets: (text) => (budgetsOf(text) === null ? t("rounds.simulate.badBudgets") : null) },
  });
  const offered = (strategies.data ?? []).filter((one) => one.simulated && one.name !== BASELINE);
  // Which suit the task is known a moment later; until somebody chooses, it is the usual two of them.
  const chosen = form.values.strategies ?? FIRST[campaign.task].filter((name) => offered.some((one) => one.name === name));
  const submit = form.onSubmit((values) => {
    const budgets = budgetsOf(values.budgets) ?? [];
    start.mutate({ strategies: chosen as NewSimulation["strategies"], seeds: Number(values.seeds) || seeds, ...(budgets.length > 0 ? { budgets } : {}) });
  });
  return (
    <form onSubmit={submit}>
      <Group align="flex-start">
        <MultiSelect
          label={t("rounds.simulate.strategies")}
          description={t("rounds.simulate.strategiesHint")}
          inputWrapperOrder={["label", "input", "description", "error"]}
          w={360}
          data={offered.map((one) => ({ value: one.name, label: one.title }))}
          data-testid="simulate-strategies"
          {...form.getInputProps("strategies")}
          value={chosen}
        />
        <NumberInput label={t("rounds.simulate.seeds")} min={1} max={20} w={90} data-testid="simulate-seeds" {...form.getInputProps("seeds")} />
        <TextInput
          label={t("rounds.simulate.budgets")}
          description={t("rounds.simulate.budgetsHint")}
          inputWrapperOrder={["label", "input", "description", "error"]}
          w={260}
          data-testid="simulate-budgets"
          {...form.getInputProps("budgets")}
        />
        <Button type="submit" mt={25} leftSection={<IconPlayerPlay size={17} />} loading={start.isPending} disabled={chosen.length === 0} data-testid="start-simulation">
          {t("rounds.simulate.start")}
        </Button>
      </Group>
    </form>
  );
}

function Simulations({ simulations }: { simulations: readonly Simulation[] }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState<string | null>(null);
  return (
    <Accordion value={opened ?? String(simulations[0]?.id ?? "")} onChange={(value) => setOpened(value ?? "")} variant="separated" order={3}>
      {simulations.map((simulation, place) => (
        <Accordion.Item key={simulation.id} value={String(simulation.id)} data-testid="simulation" data-state={simulation.run.state}>
          <Accordion.Control>
            <Group justify="space-between" pr="md">
              <Text fw={600}>{t("rounds.simulate.number", { number: simulations.length - place })}</Text>
              <When time={simulation.run.created_at} />
            </Group>
          </Accordion.Control>
          <Accordion.Panel>
            <Stack>
              {(!isFinished(simulation.run) || simulation.run.state !== "succeeded") && <RunCard id={simulation.id} />}
              <SimulationResult simulation={simulation} />
            </Stack>
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}

/** Asks a labeled campaign again by several strategies, and shows how many labels each would have taken. */
export function Simulate({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const query = useSimulations(campaign.id);
  const manages = mayManage(campaign.role);
  if (!manages && (query.data ?? []).length === 0) return null;
  return (
    <Card data-testid="simulate">
      <Stack>
        <div>
          <Title order={2} fz={18}>
            {t("rounds.simulate.title")}
          </Title>
          <Text size="sm" c="dimmed">
            {t("rounds.simulate.text")} {campaign.task !== "classification" && t("rounds.simulate.drawings")}
          </Text>
        </div>
        {manages && <SimulationForm campaign={campaign} />}
        {query.data !== undefined && query.data.length > 0 && <Simulations simulations={query.data} />}
      </Stack>
    </Card>
  );
}
