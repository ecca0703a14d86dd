import { Anchor, Group, List, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconAlertTriangle, IconClock } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { useTrainingEstimate } from "@/api/learning";
import { messageOf } from "@/api/problems";
import type { TrainingEstimate, TrainingForm } from "@/api/types";
import { duration } from "@/parts/runFormat";

const SETTLED_MS = 400;

/** What the training would be, as the form stands: who teaches and measures, how long it takes, what to mend first. */
export function Estimate({ campaign, body }: { campaign: number; body: TrainingForm }) {
  const { t } = useTranslation();
  const [settled] = useDebouncedValue(JSON.stringify(body), SETTLED_MS);
  const query = useTrainingEstimate(campaign, settled);
  if (query.isError) {
    return (
      <Text size="sm" c="var(--winnow-wheat-text)" role="status" data-testid="training-estimate">
        {messageOf(query.error)}
      </Text>
    );
  }
  const known = query.data;
  if (known === undefined) return <Text size="sm" c="dimmed">{t("training.estimate.counting")}</Text>;
  return (
    <div role="status" data-testid="training-estimate" aria-busy={query.isFetching}>
      <Group gap={6} wrap="nowrap" align="flex-start">
        <IconClock size={16} style={{ flexShrink: 0, marginTop: 2 }} aria-hidden />
        <Text size="sm" className="winnow-numbers">
          {sentences(known, t).join(" · ")}
        </Text>
      </Group>
      <Warnings campaign={campaign} known={known} />
    </div>
  );
}

function sentences(known: TrainingEstimate, t: TFunction): string[] {
  return [
    t("training.estimate.images", { train: known.train, validation: known.validation }),
    ...(known.test > 0 ? [t("training.estimate.test", { count: known.test })] : []),
    t(known.steps > 1 ? "training.estimate.steps" : "training.estimate.epochs", { epochs: known.epochs, steps: known.steps, batch: known.batch }),
    t(known.seconds < 1 ? "training.estimate.quick" : known.measured ? "training.estimate.measured" : "training.estimate.guessed", { time: duration(known.seconds) }),
  ];
}

function Warnings({ campaign, known }: { campaign: number; known: TrainingEstimate }) {
  const { t } = useTranslation();
  if (known.warnings.length === 0) return null;
  return (
    <List size="sm" mt={6} spacing={4} icon={<IconAlertTriangle size={15} color="var(--winnow-wheat-text)" aria-label={t("training.estimate.warning")} />} data-testid="training-warnings">
      {known.warnings.map((warning) => (
        <List.Item key={warning.code}>
          {warning.detail}{" "}
          {warning.code === "leak" && (
            <Anchor component={Link} to={`/campaigns/${campaign}/explore`} size="sm">
              {t("training.estimate.seeDuplicates")}
            </Anchor>
          )}
        </List.Item>
      ))}
    </List>
  );
}
