import { Button, Group, Menu, SegmentedControl, Stack, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { IconArrowsExchange, IconChevronDown, IconFilterQuestion, IconSquareCheck, IconSquareX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { fetchIds } from "@/api/gallery";
import { useMembers } from "@/api/campaigns";
import { notifyDone, notifyProblem } from "@/api/queryClient";
import type { Campaign } from "@/api/types";
import { Chips } from "./filters/Chips";
import { ConditionForm } from "./filters/ConditionForm";
import { type Filter, isEmpty, NO_FILTER, toQuery, withCondition } from "./filters/model";
import { intersected, type Selection, united, without } from "./selection";

const WAYS = ["add", "take", "keep"] as const;
type Way = (typeof WAYS)[number];
const WORK: Record<Way, (now: Selection, ids: readonly number[]) => Selection> = { add: united, take: without, keep: intersected };

type OnSelect = (change: (now: Selection) => Selection) => void;

/** Choose what a query finds, whether the filter shows it or not. */
function ByQuery({ campaign, onSelect }: { campaign: Campaign; onSelect: OnSelect }) {
  const { t } = useTranslation();
  const members = useMembers(campaign.id);
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  const [way, setWay] = useState<Way>("add");
  const [busy, setBusy] = useState(false);
  const named = { labels: campaign.labels, members: members.data ?? [] };
  const run = async (): Promise<void> => {
    setBusy(true);
    try {
      const ids = await fetchIds(campaign.id, toQuery(filter), "id");
      onSelect((now) => WORK[way](now, ids));
      notifyDone(t("gallery.found", { count: ids.length }));
      modals.closeAll();
    } catch (error) {
      notifyProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {t("gallery.byQueryHint")}
      </Text>
      <Group gap="xs">
        <Chips campaign={campaign.id} filter={filter} named={named} onChange={setFilter} />
      </Group>
      <ConditionForm campaign={campaign.id} named={named} onAdd={(mode, condition) => setFilter(withCondition(filter, mode, condition))} />
      <SegmentedControl size="xs" fullWidth aria-label={t("gallery.way")} value={way} onChange={(next) => setWay(next as Way)} data={WAYS.map((one) => ({ value: one, label: t(`gallery.ways.${one}`) }))} />
      <Group justify="flex-end">
        <Button loading={busy} disabled={isEmpty(filter)} onClick={() => void run()} data-testid="query-run">
          {t(`gallery.ways.${way}`)}
        </Button>
      </Group>
    </Stack>
  );
}

interface Props {
  campaign: Campaign;
  count: number;
  chosen: number;
  onAll: () => void;
  onInvert: () => void;
  onNone: () => void;
  onSelect: OnSelect;
}

export function SelectMenu({ campaign, count, chosen, onAll, onInvert, onNone, onSelect }: Props) {
  const { t } = useTranslation();
  const ask = () => modals.open({ title: t("gallery.byQueryTitle"), children: <ByQuery campaign={campaign} onSelect={onSelect} /> });
  return (
    <Menu position="bottom-start" width={250}>
      <Menu.Target>
        <Button variant="default" size="xs" rightSection={<IconChevronDown size={14} />} data-testid="select-menu">
          {t("gallery.select")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconSquareCheck size={15} />} rightSection={<Text size="xs" c="dimmed">Ctrl A</Text>} onClick={onAll} data-testid="select-all">
          {t("gallery.all", { count })}
        </Menu.Item>
        <Menu.Item leftSection={<IconArrowsExchange size={15} />} rightSection={<Text size="xs" c="dimmed">Ctrl I</Text>} onClick={onInvert} data-testid="select-invert">
          {t("gallery.invert")}
        </Menu.Item>
        <Menu.Item leftSection={<IconSquareX size={15} />} rightSection={<Text size="xs" c="dimmed">Esc</Text>} disabled={chosen === 0} onClick={onNone}>
          {t("gallery.none")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconFilterQuestion size={15} />} onClick={ask} data-testid="select-query">
          {t("gallery.byQuery")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
