import { Group, Text } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Statistics } from "@/api/statistics";
import classes from "./ImagesViewer.module.css";

const OF_OBJECTS = ["hit", "false", "missed"] as const;
const OF_AREAS = ["false", "missed"] as const;

function Line({ outcome }: { outcome: (typeof OF_OBJECTS)[number] }) {
  return (
    <span className={classes["swatch"]}>
      <svg className={classes["objects"]} viewBox="0 0 26 12" aria-hidden="true">
        <path d="M2 6H24" data-outcome={outcome} />
      </svg>
    </span>
  );
}

/** What the lines over the images and the bars below them say. */
export function Legend({ kind, linesOnly = false }: { kind: Statistics["kind"]; linesOnly?: boolean }) {
  const { t } = useTranslation();
  const lines =
    kind === "labels"
      ? []
      : kind === "areas"
        ? OF_AREAS.map((outcome) => ({ outcome, text: t(`statistics.legend.areas.${outcome}`) }))
        : OF_OBJECTS.map((outcome) => ({ outcome, text: t(`statistics.legend.objects.${outcome}`) }));
  return (
    <Group gap="md" mb="sm" data-testid="legend">
      {lines.map(({ outcome, text }) => (
        <Group key={outcome} gap={6} wrap="nowrap">
          <Line outcome={outcome} />
          <Text size="xs">{text}</Text>
        </Group>
      ))}
      {!linesOnly && (
        <Group gap={6} wrap="nowrap">
          <IconCheck size={13} aria-hidden="true" />
          <Text size="xs">{t(kind === "areas" ? "statistics.legend.share" : "statistics.legend.true")}</Text>
        </Group>
      )}
      {!linesOnly && kind !== "areas" && (
        <Group gap={6} wrap="nowrap">
          <span className={classes["dash"]} aria-hidden="true" />
          <Text size="xs">{t("statistics.legend.threshold")}</Text>
        </Group>
      )}
    </Group>
  );
}
