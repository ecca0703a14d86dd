import { Accordion, Badge, Group, Stack, Text } from "@mantine/core";
import { IconFlame, IconRefreshDot } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useRounds, useStrategies } from "@/api/learning";
import type { Campaign, Round } from "@/api/types";
import { RunCard } from "@/parts/RunCard";
import { EmptyState, Loaded } from "@/parts/states";
import { When } from "@/parts/When";
import { modelTitle } from "@/parts/modelTitle";
import { mayManage } from "../roles";
import { AccuracyChart } from "./AccuracyChart";
import { AdviceCard } from "./AdviceCard";
import { PlanCard } from "./PlanCard";
import { Ranking } from "./Ranking";
import { Simulate } from "./simulate/Simulate";
import { StartRound } from "./StartRound";

const COLORS: Record<Round["state"], string> = { ranking: "blue", open: "pine", closed: "gray", failed: "red" };

function RoundTitle({ round }: { round: Round }) {
  const { t } = useTranslation();
  const strategies = useStrategies();
  const title = strategies.data?.find((one) => one.name === round.strategy)?.title ?? round.strategy;
  return (
    <Group justify="space-between" pr="md">
      <Group gap="xs">
        <Text fw={600}>{t("rounds.number", { number: round.number })}</Text>
        <Badge color={COLORS[round.state]} data-testid="round-state" data-state={round.state}>
          {t(`rounds.state.${round.state}`)}
        </Badge>
        <Text size="sm" c="dimmed" className="winnow-numbers">
          {t(round.pool_size > 0 ? "rounds.summary" : "rounds.summaryAhead", { strategy: title, size: round.size, pool: round.pool_size })}
          {round.model !== null && ` · ${modelTitle(round.model)}`}
        </Text>
      </Group>
      <When time={round.created_at} />
    </Group>
  );
}

function RoundDetail({ campaign, round }: { campaign: Campaign; round: Round }) {
  const { t } = useTranslation();
  return (
    <Stack>
      {round.run !== null && (round.state === "ranking" || round.state === "failed") && <RunCard id={round.run} title={t("rounds.making", { number: round.number })} />}
      {round.state !== "ranking" && round.state !== "failed" && (
        <>
          <Group gap={6}>
            <IconFlame size={16} />
            <Text size="sm" c="dimmed">
              {t(campaign.task === "classification" ? "rounds.orderHint" : "rounds.heatHint")}
            </Text>
          </Group>
          <Ranking campaign={campaign} number={round.number} />
        </>
      )}
    </Stack>
  );
}

function RoundList({ campaign, rounds }: { campaign: Campaign; rounds: readonly Round[] }) {
  const [opened, setOpened] = useState<string | null>(null);
  const shown = opened ?? String(rounds[0]?.number ?? "");
  return (
    <Accordion value={shown} onChange={(value) => setOpened(value ?? "")} variant="separated" order={3}>
      {rounds.map((round) => (
        <Accordion.Item key={round.number} value={String(round.number)} data-testid="round">
          <Accordion.Control>
            <RoundTitle round={round} />
          </Accordion.Control>
          <Accordion.Panel>
            <RoundDetail campaign={campaign} round={round} />
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}

export function RoundsTab({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const query = useRounds(campaign.id);
  return (
    <Loaded query={query}>
      {(rounds) => (
        <Stack>
          {mayManage(campaign.role) && <StartRound key={rounds.length} campaign={campaign} first={rounds.length === 0} busy={rounds.some((round) => round.state === "ranking")} />}
          <PlanCard campaign={campaign} />
          {rounds.length > 0 && <AdviceCard campaign={campaign} />}
          {rounds.length > 0 && <AccuracyChart campaign={campaign} />}
          {rounds.length === 0 ? (
            <EmptyState icon={<IconRefreshDot size={26} />} title={t("rounds.emptyTitle")}>
              {t("rounds.emptyText")}
            </EmptyState>
          ) : (
            <RoundList campaign={campaign} rounds={[...rounds].sort((a, b) => b.number - a.number)} />
          )}
          <Simulate campaign={campaign} />
        </Stack>
      )}
    </Loaded>
  );
}
