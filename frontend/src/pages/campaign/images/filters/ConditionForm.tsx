import { Button, Group, NumberInput, SegmentedControl, Select, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Condition, type Field, FIELD_NAMES, type FieldFacts, FIELDS, isValue, type Mode, MODES } from "./model";
import { type Named, useFilterWords } from "./words";

interface ValueProps {
  field: Field;
  value: string;
  named: Named;
  onChange: (value: string) => void;
}

function ValueInput({ field, value, named, onChange }: ValueProps) {
  const { t } = useTranslation();
  const words = useFilterWords(named);
  const facts: FieldFacts = FIELDS[field];
  const label = t("filters.value");
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
      return <NumberInput label={label} value={value} onChange={(next) => onChange(String(next))} step={facts.kind === "share" ? 0.05 : 1} data-testid="condition-value" />;
    case "date":
    case "text":
      return <TextInput label={label} type={facts.kind} value={value} onChange={(event) => onChange(event.currentTarget.value)} data-testid="condition-value" />;
  }
}

/** One more condition: how it joins, what it looks at, and which value. */
export function ConditionForm({ named, onAdd }: { named: Named; onAdd: (mode: Mode, condition: Condition) => void }) {
  const { t } = useTranslation();
  const words = useFilterWords(named);
  const [mode, setMode] = useState<Mode>("all");
  const [field, setField] = useState<Field>(named.labels.length > 0 ? "label" : "state");
  const [value, setValue] = useState("");
  const add = (event: FormEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    if (!isValue(field, value)) return;
    onAdd(mode, { field, value });
    setValue("");
  };
  return (
    <form onSubmit={add} aria-label={t("filters.add")}>
      <Stack gap="sm">
        <SegmentedControl
          size="xs"
          fullWidth
          aria-label={t("filters.mode")}
          value={mode}
          onChange={(next) => setMode(next as Mode)}
          data={MODES.map((one) => ({ value: one, label: t(`filters.modes.${one}`) }))}
          data-testid="condition-mode"
        />
        <Select
          label={t("filters.what")}
          data={FIELD_NAMES.filter((name) => name !== "q").map((name) => ({ value: name, label: words.field(name) }))}
          value={field}
          onChange={(next) => {
            setField(next as Field);
            setValue("");
          }}
          searchable
          maxDropdownHeight={260}
          comboboxProps={{ withinPortal: false }}
          data-testid="condition-field"
        />
        <ValueInput key={field} field={field} value={value} named={named} onChange={setValue} />
        <Group justify="flex-end">
          <Button type="submit" size="xs" disabled={!isValue(field, value)} data-testid="condition-add">
            {t("filters.addOne")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
