import { Button, Group, Menu, Paper, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { IconRobot, IconScissors, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useImageChanges } from "@/api/images";
import { useCampaignModels, useStartInference } from "@/api/models";
import type { Campaign, Run, Split } from "@/api/types";
import { modelTitle } from "@/parts/modelTitle";
import { mayManage } from "../roles";

interface Props {
  campaign: Campaign;
  ids: readonly number[];
  onClear: () => void;
  onRun: (run: Run) => void;
}

/** What can be done with the ticked images. */
export function SelectionBar({ campaign, ids, onClear, onRun }: Props) {
  const { t } = useTranslation();
  const { update, remove } = useImageChanges(campaign.id);
  const models = useCampaignModels(campaign.id);
  const infer = useStartInference(campaign.id);
  const askRemove = () =>
    modals.openConfirmModal({
      title: t("images.removeTitle", { count: ids.length }),
      children: <Text size="sm">{t("images.removeText")}</Text>,
      labels: { confirm: t("images.remove"), cancel: t("states.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => remove.mutate([...ids], { onSuccess: onClear }),
    });
  return (
    <Paper withBorder shadow="md" p="xs" px="md" pos="sticky" bottom={16} mt="md" style={{ zIndex: 5 }} role="toolbar" aria-label={t("images.selection")}>
      <Group justify="space-between">
        <Group gap="xs">
          <Text size="sm" fw={600} className="winnow-numbers" aria-live="polite">
            {t("images.selected", { count: ids.length })}
          </Text>
          <Button size="xs" variant="subtle" color="gray" onClick={onClear}>
            {t("images.clearSelection")}
          </Button>
        </Group>
        {mayManage(campaign.role) && (
          <Group gap="xs">
            <Menu position="top">
              <Menu.Target>
                <Button size="xs" variant="light" leftSection={<IconRobot size={15} />} loading={infer.isPending} disabled={(models.data?.length ?? 0) === 0}>
                  {t("images.infer")}
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Label>{t("images.inferWith")}</Menu.Label>
                {(models.data ?? []).map(({ model }) => (
                  <Menu.Item key={model.id} onClick={() => infer.mutate({ model: model.id, images: [...ids], prefill: true }, { onSuccess: onRun })}>
                    {modelTitle(model)}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
            <Menu position="top">
              <Menu.Target>
                <Button size="xs" variant="default" leftSection={<IconScissors size={15} />} loading={update.isPending}>
                  {t("images.setSplit")}
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {(["", "train", "validation", "test"] as const satisfies readonly Split[]).map((split) => (
                  <Menu.Item key={split} onClick={() => update.mutate({ ids: [...ids], change: { split } }, { onSuccess: onClear })}>
                    {t(`images.split.${split === "" ? "any" : split}`)}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
            <Button size="xs" variant="default" leftSection={<IconTrash size={15} />} loading={remove.isPending} onClick={askRemove}>
              {t("images.remove")}
            </Button>
          </Group>
        )}
      </Group>
    </Paper>
  );
}
