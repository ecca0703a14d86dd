import { Group, Slider, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Label } from "@/api/types";
import { LabelChip } from "@/parts/LabelChip";

interface Props {
  labels: readonly Label[];
  thresholds: Readonly<Record<string, number>>;
  fallback: number;
  onChange: (thresholds: Record<string, number>) => void;
}

/** Per label: how sure a model must be before it drafts. */
export function Thresholds({ labels, thresholds, fallback, onChange }: Props) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" maw={560}>
      {labels.map((label) => {
        const value = thresholds[String(label.id)] ?? fallback;
        return (
          <Group key={label.id} wrap="nowrap">
            <div style={{ width: 170, flex: "none" }}>
              <LabelChip label={label} />
            </div>
            <Slider
              style={{ flex: 1 }}
              min={0}
              max={1}
              step={0.01}
              value={value}
              onChange={(next) => onChange({ ...thresholds, [String(label.id)]: next })}
              label={(number) => number.toFixed(2)}
              thumbLabel={t("mapper.thresholdOf", { name: label.name })}
            />
            <Text size="sm" w={40} ta="right" className="winnow-numbers">
              {value.toFixed(2)}
            </Text>
          </Group>
        );
      })}
    </Stack>
  );
}
