import { Badge, Text } from "@mantine/core";
import { IconDeviceFloppy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { TrainingRun } from "@/api/types";
import { duration } from "@/parts/runFormat";

/** How far a training is and when it ends: at the latest, and sooner if nothing gets better. */
export function Outlook({ training }: { training: TrainingRun }) {
  const { t } = useTranslation();
  const ahead = training.outlook;
  if (ahead === null) return null;
  const parts = [
    t(ahead.steps > 1 ? "training.atStep" : "training.at", { epoch: ahead.epoch, epochs: ahead.epochs, step: ahead.step, steps: ahead.steps }),
    ahead.left_s === null ? t("training.measuring") : t(`training.leftBy.${ahead.bound}`, { time: duration(ahead.left_s) }),
    ...(ahead.unless_better_s === null ? [] : [t("training.unlessBetter", { time: duration(ahead.unless_better_s) })]),
  ];
  return (
    <Text size="sm" className="winnow-numbers" data-testid="training-outlook">
      {parts.join(" · ")}
    </Text>
  );
}

/** A model came out although it did not go on to its end. */
export function KeptBadge({ training }: { training: TrainingRun }) {
  const { t } = useTranslation();
  const by = training.stopped_by;
  if (training.run.state !== "succeeded" || (by !== "stopped" && by !== "time_limit")) return null;
  return (
    <Badge color="wheat" leftSection={<IconDeviceFloppy size={12} />} data-testid="stopped-kept">
      {t(`training.kept.${by}`)}
    </Badge>
  );
}
