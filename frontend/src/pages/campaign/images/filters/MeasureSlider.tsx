import { Slider, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMeasures } from "@/api/gallery";
import { keptBy, limitAt, type Measure, placeOf } from "./measures";
import type { Field } from "./model";

interface Props {
  campaign: number;
  measure: Measure;
  field: Field;
  value: string;
  onChange: (value: string) => void;
}

/** Choose a limit by the share of the images that it keeps, such as the blurriest tenth. */
export function MeasureSlider({ campaign, measure, field, value, onChange }: Props) {
  const { t } = useTranslation();
  const measures = useMeasures(campaign);
  const [left, setLeft] = useState(0);
  const percentiles = measures.data?.[measure] ?? [];
  if (percentiles.length === 0) return measures.isSuccess ? <Text size="xs" c="dimmed">{t("filters.unmeasured")}</Text> : null;
  const kept = value === "" ? 0 : keptBy(percentiles, field, Number(value));
  const place = value === "" ? 0 : placeOf(percentiles, field, Number(value), left);
  const change = (next: number): void => {
    setLeft(next);
    onChange(String(limitAt(percentiles, field, next)));
  };
  const words = t(`filters.kept.${field as "sharpness_lte"}`, { share: kept });
  return (
    <div>
      <Text size="xs" c="dimmed" data-testid="measure-kept" aria-live="polite">
        {words}
      </Text>
      <Slider mt={6} value={place} min={0} max={100} step={1} label={null} thumbLabel={words} onChange={change} data-testid="measure-slider" />
    </div>
  );
}
