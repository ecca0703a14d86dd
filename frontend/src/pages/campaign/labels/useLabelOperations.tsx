import { Autocomplete, Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { campaignKey } from "@/api/campaigns";
import { changeLabel, mergeLabel, removeLabel, undoChange } from "@/api/gallery";
import { notifyDone, notifyProblem } from "@/api/queryClient";
import type { Campaign, Label } from "@/api/types";
import { possibleParents } from "@/parts/labelTree";
import { notifyUndoable } from "../images/useLabelWork";

export interface LabelOperations {
  rename(label: Label): void;
  merge(label: Label): void;
  recolour(label: Label, color: string): void;
  remove(label: Label): void;
  /** Put it under another label, or into a group. */
  place(label: Label): void;
}

function PlaceForm({ label, campaign, onSubmit }: { label: Label; campaign: Campaign; onSubmit: (place: { parent: number | null; group: string }) => void }) {
  const { t } = useTranslation();
  const [parent, setParent] = useState<string | null>(label.parent === null || label.parent === undefined ? null : String(label.parent));
  const [group, setGroup] = useState(label.group ?? "");
  const groups = [...new Set(campaign.labels.map((one) => one.group ?? "").filter((one) => one !== ""))];
  const send = (event: FormEvent): void => {
    event.preventDefault();
    modals.closeAll();
    onSubmit({ parent: parent === null ? null : Number(parent), group: group.trim() });
  };
  return (
    <form onSubmit={send}>
      <Stack>
        <Select label={t("labels.parent")} description={t("labels.parentHint")} data={possibleParents(campaign.labels, label.id).map((one) => ({ value: String(one.id), label: one.name }))} value={parent} onChange={setParent} searchable clearable clearButtonProps={{ "aria-label": t("labels.noParent") }} comboboxProps={{ withinPortal: false }} data-testid="place-parent" />
        {(campaign.settings.multi_label ?? false) && (
          <Autocomplete label={t("labels.group")} description={t("labels.groupHint")} data={groups} value={group} onChange={setGroup} maxLength={60} comboboxProps={{ withinPortal: false }} data-testid="place-group" />
        )}
        <Group justify="flex-end">
          <Button type="submit" data-testid="place">
            {t("states.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function RenameForm({ label, onSubmit }: { label: Label; onSubmit: (name: string) => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState(label.name);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (name.trim() === "" || name.trim() === label.name) return;
    modals.closeAll();
    onSubmit(name.trim());
  };
  return (
    <form onSubmit={send}>
      <Stack>
        <TextInput label={t("labels.name")} value={name} maxLength={100} onChange={(event) => setName(event.currentTarget.value)} data-autofocus data-testid="rename-to" />
        <Group justify="flex-end">
          <Button type="submit" disabled={name.trim() === "" || name.trim() === label.name} data-testid="rename">
            {t("labels.rename")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function MergeForm({ label, others, onSubmit }: { label: Label; others: readonly Label[]; onSubmit: (into: Label) => void }) {
  const { t } = useTranslation();
  const [into, setInto] = useState<string | null>(null);
  const target = others.find((one) => String(one.id) === into);
  return (
    <Stack>
      <Text size="sm">{t("labels.mergeText", { name: label.name })}</Text>
      <Select label={t("labels.mergeInto")} data={others.map((one) => ({ value: String(one.id), label: one.name }))} value={into} onChange={setInto} searchable comboboxProps={{ withinPortal: false }} data-testid="merge-into" />
      <Group justify="flex-end">
        <Button
          disabled={target === undefined}
          onClick={() => {
            if (target === undefined) return;
            modals.closeAll();
            onSubmit(target);
          }}
          data-testid="merge"
        >
          {t("labels.merge")}
        </Button>
      </Group>
    </Stack>
  );
}

/**
 * Rename, merge, recolour and remove a label everywhere, each with the way back.
 * `onChange` hears of every change, so that the gallery's Ctrl+Z takes it back in its turn; it returns how to undo.
 */
export function useLabelOperations(campaign: Campaign, onChange?: (title: string, change: number) => () => void): LabelOperations {
  const { t } = useTranslation();
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: campaignKey(campaign.id) });
  const undo = async (change: number): Promise<void> => {
    try {
      await undoChange(campaign.id, change);
      notifyDone(t("labels.undone"));
    } catch (error) {
      notifyProblem(error);
    }
    await refresh();
  };
  const run = async (title: string, work: Promise<number | null>): Promise<void> => {
    try {
      const change = await work;
      await refresh();
      if (change === null) return notifyDone(title);
      const back = onChange?.(title, change) ?? (() => void undo(change));
      notifyUndoable(title, t("gallery.undo"), back);
    } catch (error) {
      notifyProblem(error);
    }
  };
  return {
    rename: (label) =>
      modals.open({
        title: t("labels.renameTitle", { name: label.name }),
        children: <RenameForm label={label} onSubmit={(name) => void run(t("labels.renamed", { before: label.name, after: name }), changeLabel(campaign.id, label.id, { name }))} />,
      }),
    merge: (label) =>
      modals.open({
        title: t("labels.mergeTitle", { name: label.name }),
        children: (
          <MergeForm
            label={label}
            others={campaign.labels.filter((one) => one.id !== label.id)}
            onSubmit={(into) => void run(t("labels.merged", { name: label.name, into: into.name }), mergeLabel(campaign.id, label.id, into.id))}
          />
        ),
      }),
    recolour: (label, color) => {
      if (color.toLowerCase() !== label.color.toLowerCase()) void run(t("labels.recoloured", { name: label.name }), changeLabel(campaign.id, label.id, { color }));
    },
    place: (label) =>
      modals.open({
        title: t("labels.placeTitle", { name: label.name }),
        children: <PlaceForm label={label} campaign={campaign} onSubmit={(place) => void run(t("labels.placed", { name: label.name }), changeLabel(campaign.id, label.id, place))} />,
      }),
    remove: (label) =>
      modals.openConfirmModal({
        title: t("labels.removeTitle", { name: label.name }),
        children: <Text size="sm">{t("labels.removeText")}</Text>,
        labels: { confirm: t("labels.remove"), cancel: t("states.cancel") },
        confirmProps: { color: "red" },
        onConfirm: () => void run(t("labels.removed", { name: label.name }), removeLabel(campaign.id, label.id)),
      }),
  };
}
