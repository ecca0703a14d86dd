import { Group, NumberInput, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Vote } from "@/api/ensembles";

interface Props {
  votes: readonly Vote[];
  nameOf: (model: number) => string;
  onChange: (votes: Vote[]) => void;
  readOnly?: boolean;
}

/** How much each member of an ensemble counts, and the share of the whole that this is. */
export function Weights({ votes, nameOf, onChange, readOnly = false }: Props) {
  const { t } = useTranslation();
  const total = votes.reduce((sum, { weight }) => sum + weight, 0);
  return (
    <Stack gap="xs">
      {votes.map((vote) => (
        <Group key={vote.model} gap="sm" wrap="nowrap">
          <NumberInput
            aria-label={t("ensemble.weightOf", { name: nameOf(vote.model) })}
            value={vote.weight} min={0.01} max={100} step={0.5} decimalScale={2} clampBehavior="strict" w={96} disabled={readOnly}
            onChange={(value) => onChange(votes.map((one) => (one.model === vote.model && typeof value === "number" ? { ...one, weight: value } : one)))}
          />
          <Text size="sm" style={{ flex: 1, minWidth: 0 }} truncate>
            {nameOf(vote.model)}
          </Text>
          <Text size="sm" c="dimmed" className="winnow-figures">
            {total > 0 ? `${String(Math.round((100 * vote.weight) / total))} %` : ""}
          </Text>
        </Group>
      ))}
    </Stack>
  );
}
