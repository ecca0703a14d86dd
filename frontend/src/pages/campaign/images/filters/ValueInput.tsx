import { NumberInput, Select, Stack, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { MeasureSlider } from "./MeasureSlider";
import { measureOf } from "./measures";
import { type Field, type FieldFacts, FIELDS } from "./model";
import { type Named, useFilterWords } from "./words";

interface ValueProps {
  campaign: number;
  field: Field;
  value: string;
  named: Named;
  onChange: (value: string) => void;
}

/** The value of a condition, with what its kind needs. */
export function ValueInput({ campaign, field, value, named, onChange }: ValueProps) {
  const { t } = useTranslation();
  const words = useFilterWords(named);
  const facts: FieldFacts = FIELDS[field];
  const label = t("filters.value");
  const measure = measureOf(field);
  const choose = (data: { value: string; label: string }[]) => (
    <Select label={label} data={data} value={value === "" ? null : value} onChange={(next) => onChange(next ?? "")} searchable={data.length > 8} comboboxProps={{ withinPortal: false }} data-testid="condition-value" />
  );
  switch (facts.kind) {
    case "label":
      return choose(named.labels.map((one) => ({ value: String(one.id), label: one.name })));
    case "person":
      return choose(named.members.map(({ user }) => ({ value: String(user.id), label: user.username })));
    case "choice":
      return choose((facts.options ?? []).map((option) => ({ value: option, label: words.option(field, option) })));
    case "share":
    case "number":
      return (
        <Stack gap={6}>
          <NumberInput label={label} value={value} onChange={(next) => onChange(String(next))} step={facts.kind === "share" ? 0.05 : 1} data-testid="condition-value" />
          {measure !== null && <MeasureSlider campaign={campaign} measure={measure} field={field} value={value} onChange={onChange} />}
        </Stack>
      );
    case "date":
    case "text":
      return <TextInput label={label} type={facts.kind} value={value} onChange={(event) => onChange(event.currentTarget.value)} data-testid="condition-value" />;
  }
}
