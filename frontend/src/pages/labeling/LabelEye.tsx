import { ActionIcon } from "@mantine/core";
import { IconEye, IconEyeOff } from "@tabler/icons-react";
import type { Label } from "@/api/types";
import { useLabeling, usePreference } from "./LabelingContext";
import { toggleLabelSight } from "./preferences";

/** Take all objects of a label out of sight and out of reach, or bring them back; nothing about them changes. */
export function LabelEye({ label }: { label: Label }) {
  const { preferences } = useLabeling();
  const hidden = usePreference((state) => state.hiddenLabels.includes(label.id));
  return (
    <ActionIcon
      size={26} variant="subtle" color="gray" aria-pressed={hidden} aria-label={`Hide ${label.name}`} title={hidden ? `Show ${label.name}` : `Hide ${label.name}`}
      data-testid={`eye-${label.name}`} data-hidden={hidden} onClick={() => toggleLabelSight(preferences, label.id)}
    >
      {hidden ? <IconEyeOff size={15} /> : <IconEye size={15} />}
    </ActionIcon>
  );
}
