import { Button, Group, Menu, Paper, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { IconArrowBackUp, IconBan, IconDownload, IconFlag, IconRobot, IconSchool, IconScissors, IconTrash, IconX } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCampaignModels, useStartInference } from "@/api/models";
import type { Campaign, Run, Split } from "@/api/types";
import { modelTitle } from "@/parts/modelTitle";
import { mayLabel, mayManage } from "../roles";
import { namedImages } from "./naming";
import { galleryStore } from "./store";

interface Props {
  campaign: Campaign;
  ids: readonly number[];
  /** How many of them the filter hides. */
  hidden: number;
  onClear: () => void;
  onSplit: (split: Split) => void;
  onFlag: () => void;
  /** All of them are out of the campaign already. */
  allExcluded: boolean;
  onExclude: (excluded: boolean) => void;
  onRemove: () => void;
  onRun: (run: Run) => void;
}

/** What can be done with the chosen images. */
export function SelectionBar({ campaign, ids, hidden, onClear, onSplit, onFlag, allExcluded, onExclude, onRemove, onRun }: Props) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const models = useCampaignModels(campaign.id);
  const infer = useStartInference(campaign.id);
  const to = (tab: string) => void navigate({ to: "/campaigns/$campaignId/$tab", params: { campaignId: campaign.id, tab }, search: {} });
  const askRemove = () =>
    modals.openConfirmModal({
      title: t("images.removeTitle", { count: ids.length }),
      children: <Text size="sm">{t("images.removeText")}</Text>,
      labels: { confirm: t("images.remove"), cancel: t("states.cancel") },
      confirmProps: { color: "red" },
      onConfirm: onRemove,
    });
  return (
    <Paper withBorder shadow="md" p={8} px="md" pos="sticky" bottom={12} mt="md" style={{ zIndex: 5 }} role="toolbar" aria-label={t("images.selection")} data-testid="selection-bar" data-count={ids.length} data-hidden={hidden}>
      <Group justify="space-between" gap="xs">
        <Group gap="xs">
          <Text size="sm" fw={600} className="winnow-numbers" aria-live="polite">
            {t("images.selected", { count: ids.length })}
            {hidden > 0 && (
              <Text span size="sm" fw={400} c="dimmed">
                {t("gallery.outside", { count: hidden })}
              </Text>
            )}
          </Text>
          <Button size="compact-sm" variant="subtle" color="gray" leftSection={<IconX size={14} />} onClick={onClear}>
            {t("images.clearSelection")}
          </Button>
        </Group>
        <Group gap={6}>
          {mayLabel(campaign.role) && (
            <Button size="xs" variant="default" leftSection={<IconFlag size={15} />} onClick={onFlag} data-testid="selection-flag">
              {t("gallery.flag")}
            </Button>
          )}
          {mayManage(campaign.role) && (
            <>
              <Menu position="top">
                <Menu.Target>
                  <Button size="xs" variant="default" leftSection={<IconRobot size={15} />} loading={infer.isPending} disabled={(models.data?.length ?? 0) === 0}>
                    {t("images.infer")}
                  </Button>
                </Menu.Target>
                <Menu.Dropdown>
                  <Menu.Label>{t("images.inferWith")}</Menu.Label>
                  {(models.data ?? []).map(({ model }) => (
                    <Menu.Item key={model.id} onClick={() => infer.mutate({ model: model.id, images: namedImages(galleryStore(campaign.id).getState(), ids), prefill: true }, { onSuccess: onRun })}>
                      {modelTitle(model)}
                    </Menu.Item>
                  ))}
                </Menu.Dropdown>
              </Menu>
              <Button size="xs" variant="default" leftSection={<IconSchool size={15} />} onClick={() => to("training")}>
                {t("gallery.train")}
              </Button>
              <Button size="xs" variant="default" leftSection={<IconDownload size={15} />} onClick={() => to("export")}>
                {t("gallery.export")}
              </Button>
              <Menu position="top">
                <Menu.Target>
                  <Button size="xs" variant="default" leftSection={<IconScissors size={15} />} data-testid="selection-split">
                    {t("images.setSplit")}
                  </Button>
                </Menu.Target>
                <Menu.Dropdown>
                  {(["", "train", "validation", "test"] as const satisfies readonly Split[]).map((split) => (
                    <Menu.Item key={split} onClick={() => onSplit(split)}>
                      {t(`images.split.${split === "" ? "any" : split}`)}
                    </Menu.Item>
                  ))}
                </Menu.Dropdown>
              </Menu>
              <Button size="xs" variant="default" leftSection={allExcluded ? <IconArrowBackUp size={15} /> : <IconBan size={15} />} onClick={() => onExclude(!allExcluded)} data-testid="selection-exclude">
                {t(allExcluded ? "gallery.include" : "gallery.exclude")}
              </Button>
              <Button size="xs" variant="default" leftSection={<IconTrash size={15} />} onClick={askRemove}>
                {t("images.remove")}
              </Button>
            </>
          )}
        </Group>
      </Group>
    </Paper>
  );
}
