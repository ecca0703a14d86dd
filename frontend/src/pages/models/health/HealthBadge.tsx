import { Badge, Tooltip } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconHelpCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { ModelHealth } from "@/api/types";
import { ago } from "@/parts/When";

const LOOKS = {
  up: { color: "pine", icon: IconCircleCheck },
  down: { color: "red", icon: IconCircleX },
  unknown: { color: "gray", icon: IconHelpCircle },
} as const;

/** Up, down or not known: a word and a sign, never a colour alone. */
export function HealthBadge({ health }: { health: ModelHealth | undefined }) {
  const { t } = useTranslation();
  const state = health?.state ?? "unknown";
  const { color, icon: Icon } = LOOKS[state];
  const newest = health?.checks[0];
  const when = newest === undefined ? t("health.never") : t("health.looked", { when: ago(newest.created_at) ?? t("states.justNow") });
  return (
    <Tooltip label={newest === undefined ? when : `${newest.detail} ${when}`} multiline maw={320}>
      <Badge color={color} leftSection={<Icon size={13} aria-hidden="true" />} data-testid="health-badge" data-state={state} tabIndex={0}>
        {t(`health.state.${state}`)}
      </Badge>
    </Tooltip>
  );
}
