import { Button, Group, SegmentedControl, Select, Stack } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Condition, type Field, FIELD_NAMES, isValue, type Mode, MODES } from "./model";
import { ValueInput } from "./ValueInput";
import { type Named, useFilterWords } from "./words";

/** One more condition: how it joins, what it looks at, and which value. */
export function ConditionForm({ campaign, named, onAdd }: { campaign: number; named: Named; onAdd: (mode: Mode, condition: Condition) => void }) {
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
        <ValueInput key={field} campaign={campaign} field={field} value={value} named={named} onChange={setValue} />
        <Group justify="flex-end">
          <Button type="submit" size="xs" disabled={!isValue(field, value)} data-testid="condition-add">
            {t("filters.addOne")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
