import { Button, Popover, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { IconFilterPlus, IconSearch } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMembers } from "@/api/campaigns";
import type { Campaign } from "@/api/types";
import type { Ordering } from "@/api/gallery";
import { orderingOf } from "./address";
import { Chips } from "./Chips";
import { ConditionForm } from "./ConditionForm";
import classes from "./Filters.module.css";
import { type Filter, isEmpty, NO_FILTER, withCondition } from "./model";
import { ViewsMenu } from "./ViewsMenu";

/** Orders that are offered; an address may name the others. */
const OFFERED = ["id", "-id", "-priority", "name"] as const satisfies readonly Ordering[];

interface Props {
  campaign: Campaign;
  filter: Filter;
  ordering: Ordering;
  onChange: (filter: Filter, ordering: Ordering) => void;
  /** Somebody chose an order by hand. */
  onOrdering: (ordering: Ordering) => void;
}

/** Which images are shown, and in which order. */
export function FilterBar({ campaign, filter, ordering, onChange, onOrdering }: Props) {
  const { t } = useTranslation();
  const members = useMembers(campaign.id);
  const [adding, { toggle, close }] = useDisclosure(false);
  const named = { labels: campaign.labels, members: members.data ?? [] };
  return (
    <div className={classes["bar"]} role="search" aria-label={t("images.filters")}>
      <NameSearch value={filter.q} onChange={(q) => onChange({ ...filter, q }, ordering)} />
      <Popover opened={adding} onChange={(open) => !open && close()} position="bottom-start" width={300} trapFocus shadow="md" returnFocus>
        <Popover.Target>
          <Button variant="default" size="xs" leftSection={<IconFilterPlus size={15} />} onClick={toggle} aria-expanded={adding} data-testid="add-filter">
            {t("filters.add")}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <ConditionForm
            campaign={campaign.id}
            named={named}
            onAdd={(mode, condition) => {
              onChange(withCondition(filter, mode, condition), ordering);
              close();
            }}
          />
        </Popover.Dropdown>
      </Popover>
      <Chips campaign={campaign.id} filter={filter} named={named} onChange={(next) => onChange(next, ordering)} />
      <ViewsMenu campaign={campaign} filter={filter} ordering={ordering} onOpen={onChange} />
      {!isEmpty(filter) && (
        <Button variant="subtle" color="gray" size="xs" onClick={() => onChange(NO_FILTER, ordering)} data-testid="clear-filters">
          {t("images.clearFilters")}
        </Button>
      )}
      <Select
        aria-label={t("images.ordering")}
        size="xs"
        w={150}
        value={ordering}
        onChange={(next) => {
          const chosen = orderingOf(next ?? "");
          onOrdering(chosen);
          onChange(filter, chosen);
        }}
        data={OFFERED.map((one) => ({ value: one, label: t(`images.order.${one}`) }))}
        data-testid="ordering"
      />
    </div>
  );
}

function NameSearch({ value, onChange }: { value: string; onChange: (q: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const sent = useRef(value);
  const search = useDebouncedCallback((q: string) => {
    sent.current = q;
    onChange(q);
  }, 250);
  // A view or the way back in the history brings a name of its own.
  useEffect(() => {
    if (value !== sent.current) {
      sent.current = value;
      setText(value);
    }
  }, [value]);
  return (
    <TextInput
      aria-label={t("images.search")}
      placeholder={t("images.search")}
      leftSection={<IconSearch size={15} />}
      size="xs"
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        search(event.currentTarget.value);
      }}
      w={170}
      data-testid="filter-name"
    />
  );
}
