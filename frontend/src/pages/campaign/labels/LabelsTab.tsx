import { ActionIcon, Button, Card, Group, Stack, Text, Textarea, TextInput, Title, Tooltip } from "@mantine/core";
import { modals } from "@mantine/modals";
import { IconListDetails, IconTags } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLabelChanges, useUpdateCampaign } from "@/api/campaigns";
import { notifyDone } from "@/api/queryClient";
import type { Campaign, Label, NewLabel } from "@/api/types";
import { LabelChip } from "@/parts/LabelChip";
import { nextLabel, withNames } from "@/parts/labelDrafts";
import { LabelFields } from "@/parts/LabelFields";
import { EmptyState } from "@/parts/states";
import { mayManage } from "../roles";
import { AttributesEditor } from "./AttributesEditor";
import { LabelSkeleton } from "./LabelSkeleton";
import { ChosenShapes } from "./ChosenShapes";
import { LabelsAnImage } from "./LabelsAnImage";
import { ThisCampaign } from "./ThisCampaign";

function fieldsOf(label: Label): NewLabel {
  return { name: label.name, color: label.color, hotkey: label.hotkey };
}

function LabelRow({ campaign, label, number }: { campaign: Campaign; label: Label; number: number }) {
  const { t } = useTranslation();
  const { update, remove } = useLabelChanges(campaign.id);
  const [draft, setDraft] = useState(fieldsOf(label));
  useEffect(() => setDraft({ name: label.name, color: label.color, hotkey: label.hotkey }), [label.name, label.color, label.hotkey]);
  const commit = () => {
    const changed = draft.name !== label.name || draft.color !== label.color || draft.hotkey !== label.hotkey;
    if (!changed || draft.name.trim() === "" || !/^#[0-9a-f]{6}$/i.test(draft.color)) return;
    update.mutate({ id: label.id, ...draft, name: draft.name.trim() }, { onError: () => setDraft(fieldsOf(label)) });
  };
  const askRemove = () =>
    modals.openConfirmModal({
      title: t("labels.removeTitle", { name: label.name }),
      children: <Text size="sm">{t("labels.removeText")}</Text>,
      labels: { confirm: t("labels.remove"), cancel: t("states.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => remove.mutate(label.id),
    });
  return (
    <LabelFields
      label={draft}
      number={number}
      errors={{ name: draft.name.trim() === "" ? t("labels.problem.empty") : undefined }}
      onChange={(change) => setDraft((now) => ({ ...now, ...change }))}
      onCommit={commit}
      onRemove={askRemove}
      more={
        <>
          {campaign.task !== "classification" && <LabelSkeleton campaign={campaign} label={label} />}
          <AttributesButton campaign={campaign} label={label} />
        </>
      }
    />
  );
}

function AttributesButton({ campaign, label }: { campaign: Campaign; label: Label }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const title = t("attributes.open", { name: label.name });
  return (
    <>
      <Tooltip label={title}>
        <ActionIcon variant="subtle" color="gray" size={36} aria-label={title} data-testid={`attributes-of-${label.name}`} onClick={() => setOpened(true)}>
          <IconListDetails size={17} />
        </ActionIcon>
      </Tooltip>
      <AttributesEditor campaign={campaign.id} label={label} opened={opened} onClose={() => setOpened(false)} />
    </>
  );
}

function AddLabels({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const { create } = useLabelChanges(campaign.id);
  const [text, setText] = useState("");
  const add = async () => {
    const known = campaign.labels.map(fieldsOf);
    const fresh = withNames(known, text).slice(known.length);
    for (const label of fresh) await create.mutateAsync(label.name === "" ? nextLabel(known) : label);
    setText("");
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== "") void add();
      }}
    >
      <Group align="flex-end">
        <TextInput
          label={t("labels.addLabel")}
          description={t("labels.addHint")}
          placeholder={t("labels.paste")}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          style={{ flex: 1 }}
          data-testid="new-label-name"
        />
        <Button type="submit" loading={create.isPending} disabled={text.trim() === ""} data-testid="add-label">
          {t("labels.add")}
        </Button>
      </Group>
    </form>
  );
}

function Instructions({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const save = useUpdateCampaign(campaign.id);
  const [text, setText] = useState(campaign.instructions);
  return (
    <Card>
      <Stack align="flex-start">
        <Textarea label={t("newCampaign.instructions")} description={t("newCampaign.instructionsHint")} value={text} onChange={(event) => setText(event.currentTarget.value)} autosize minRows={4} w="100%" />
        <Button
          variant="default"
          loading={save.isPending}
          disabled={text === campaign.instructions}
          onClick={() => save.mutate({ instructions: text }, { onSuccess: () => notifyDone(t("labels.instructionsSaved")) })}
        >
          {t("states.save")}
        </Button>
      </Stack>
    </Card>
  );
}

export function LabelsTab({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  if (!mayManage(campaign.role)) {
    return (
      <Group gap="xs">
        {campaign.labels.map((label) => (
          <LabelChip key={label.id} label={label} />
        ))}
      </Group>
    );
  }
  return (
    <Stack maw={760}>
      {campaign.labels.length === 0 && (
        <EmptyState icon={<IconTags size={26} />} title={t("labels.emptyTitle")}>
          {t("labels.emptyText")}
        </EmptyState>
      )}
      <Card>
        <Title order={2} fz={18}>
          {t("labels.title")}
        </Title>
        <Text size="sm" c="dimmed" mb="md">
          {t("labels.hint")}
        </Text>
        <Stack gap="xs">
          {campaign.labels.map((label, index) => (
            <LabelRow key={label.id} campaign={campaign} label={label} number={index + 1} />
          ))}
        </Stack>
        <div style={{ height: 18 }} />
        <AddLabels campaign={campaign} />
      </Card>
      {campaign.task !== "classification" && <ChosenShapes campaign={campaign} />}
      {(campaign.settings.multi_label ?? false) && campaign.task === "classification" && <LabelsAnImage campaign={campaign} />}
      <Instructions campaign={campaign} />
      <ThisCampaign campaign={campaign} />
    </Stack>
  );
}
