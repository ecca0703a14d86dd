import { Button, Group, MultiSelect, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ImageFilter } from "@/api/images";
import type { Label } from "@/api/types";

const STATES = ["unlabeled", "submitted", "accepted", "returned"] as const;
const SPLITS = ["train", "validation", "test", "none"] as const;
const ORDERINGS = ["id", "-id", "-priority", "name"] as const;

interface Props {
  filter: ImageFilter;
  labels: readonly Label[];
  onChange: (filter: ImageFilter) => void;
}

export function isFiltered(filter: ImageFilter): boolean {
  return Boolean(filter.state || filter.split || filter.q || (filter.label?.length ?? 0) > 0);
}

export function Filters({ filter, labels, onChange }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState(filter.q ?? "");
  const search = useDebouncedCallback((q: string) => onChange({ ...filter, q }), 250);
  const clear = () => {
    setText("");
    onChange(filter.ordering === undefined ? {} : { ordering: filter.ordering });
  };
  return (
    <Group gap="xs" role="search" aria-label={t("images.filters")}>
      <TextInput
        aria-label={t("images.search")}
        placeholder={t("images.search")}
        leftSection={<IconSearch size={16} />}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          search(event.currentTarget.value);
        }}
        w={180}
        data-testid="filter-name"
      />
      <Select
        aria-label={t("images.filterState")}
        w={132}
        value={filter.state ?? ""}
        onChange={(state) => onChange({ ...filter, state: (state ?? "") as NonNullable<ImageFilter["state"]> })}
        data={[{ value: "", label: t("images.anyState") }, ...STATES.map((state) => ({ value: state, label: t(`images.stateName.${state}`) }))]}
        data-testid="filter-state"
      />
      <Select
        aria-label={t("images.filterSplit")}
        w={132}
        value={filter.split ?? ""}
        onChange={(split) => onChange({ ...filter, split: (split ?? "") as NonNullable<ImageFilter["split"]> })}
        data={[{ value: "", label: t("images.anySplit") }, ...SPLITS.map((split) => ({ value: split, label: t(`images.split.${split}`) }))]}
        data-testid="filter-split"
      />
      {labels.length > 0 && (
        <MultiSelect
          aria-label={t("images.filterLabel")}
          placeholder={(filter.label?.length ?? 0) === 0 ? t("images.anyLabel") : ""}
          w={146}
          searchable
          clearable
          value={(filter.label ?? []).map(String)}
          onChange={(ids) => onChange({ ...filter, label: ids.map(Number) })}
          data={labels.map((label) => ({ value: String(label.id), label: label.name }))}
          data-testid="filter-label"
        />
      )}
      <Select
        aria-label={t("images.ordering")}
        w={160}
        value={filter.ordering ?? "id"}
        onChange={(ordering) => onChange({ ...filter, ordering: ordering ?? "id" })}
        data={ORDERINGS.map((ordering) => ({ value: ordering, label: t(`images.order.${ordering}`) }))}
        data-testid="ordering"
      />
      {isFiltered(filter) && (
        <Button variant="subtle" color="gray" onClick={clear}>
          {t("images.clearFilters")}
        </Button>
      )}
    </Group>
  );
}
