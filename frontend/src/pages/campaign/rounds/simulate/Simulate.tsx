import { Accordion, Button, Card, Group, MultiSelect, NumberInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useStrategies } from "@/api/learning";
import { type NewSimulation, type Simulation, useSimulations, useStartSimulation } from "@/api/progress";
import { isFinished } from "@/api/runs";
import type { Campaign, Strategy } from "@/api/types";
import { RunCard } from "@/parts/RunCard";
import { When } from "@/parts/When";
import { mayManage } from "../../roles";
import { DEFAULT_STRATEGY } from "../defaults";
import { budgetsOf } from "./budgets";
import { SimulationResult } from "./SimulationResult";

/** What a replay can give a strategy: the fast head's answers and the images' features. */
const GIVEN: ReadonlySet<string> = new Set(["model", "probabilities", "embeddings"]);
const DEFAULT_SEEDS = 5;

function canReplay(strategy: Strategy): boolean {
  return strategy.name !== "random" && strategy.needs.every((need) => GIVEN.has(need));
}

function SimulationForm({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const strategies = useStrategies();
  const start = useStartSimulation(campaign.id);
  const form = useForm({
    initialValues: { strategies: ["margin", DEFAULT_STRATEGY] as string[], seeds: DEFAULT_SEEDS as number | string, budgets: "" },
    validate: { budgets: (text) => (budgetsOf(text) === null ? t("rounds.simulate.badBudgets") : null) },
  });
  const submit = form.onSubmit((values) => {
    const budgets = budgetsOf(values.budgets) ?? [];
    start.mutate({ strategies: values.strategies as NewSimulation["strategies"], seeds: Number(values.seeds) || DEFAULT_SEEDS, ...(budgets.length > 0 ? { budgets } : {}) });
  });
  return (
    <form onSubmit={submit}>
      <Group align="flex-start">
        <MultiSelect
          label={t("rounds.simulate.strategies")}
          description={t("rounds.simulate.strategiesHint")}
          inputWrapperOrder={["label", "input", "description", "error"]}
          w={360}
          data={(strategies.data ?? []).filter(canReplay).map((one) => ({ value: one.name, label: one.title }))}
          data-testid="simulate-strategies"
          {...form.getInputProps("strategies")}
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
        <Button type="submit" mt={25} leftSection={<IconPlayerPlay size={17} />} loading={start.isPending} disabled={form.values.strategies.length === 0} data-testid="start-simulation">
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
  const isReplayed = campaign.task === "classification";
  return (
    <Card data-testid="simulate">
      <Stack>
        <div>
          <Title order={2} fz={18}>
            {t("rounds.simulate.title")}
          </Title>
          <Text size="sm" c="dimmed">
            {t(isReplayed ? "rounds.simulate.text" : "rounds.simulate.onlyClassification")}
          </Text>
        </div>
        {isReplayed && mayManage(campaign.role) && <SimulationForm campaign={campaign} />}
        {query.data !== undefined && query.data.length > 0 && <Simulations simulations={query.data} />}
      </Stack>
    </Card>
  );
}
