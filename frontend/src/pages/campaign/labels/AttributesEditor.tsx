import { ActionIcon, Button, Checkbox, Group, Modal, Select, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLabelChanges } from "@/api/campaigns";
import type { Label } from "@/api/types";
import { asDefinitions, asDrafts, NEW_ATTRIBUTE, problemsOf, type AttributeDraft, type Problem } from "./attributeDrafts";

interface Props {
  campaign: number;
  label: Label;
  opened: boolean;
  onClose: () => void;
}

/** What a label asks of each of its objects: a list that is edited as a whole and saved as a whole. */
export function AttributesEditor({ campaign, label, opened, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} size="lg" title={t("attributes.title", { name: label.name })} closeButtonProps={{ "aria-label": t("states.close") }} data-testid="attributes-editor">
      <Editor campaign={campaign} label={label} onClose={onClose} />
    </Modal>
  );
}

function Editor({ campaign, label, onClose }: Omit<Props, "opened">) {
  const { t } = useTranslation();
  const { update } = useLabelChanges(campaign);
  const [drafts, setDrafts] = useState<readonly AttributeDraft[]>(() => asDrafts(label.attributes ?? []));
  const problems = problemsOf(drafts);
  const change = (at: number, part: Partial<AttributeDraft>) => setDrafts((now) => now.map((draft, index) => (index === at ? { ...draft, ...part } : draft)));
  const save = () => update.mutate({ id: label.id, attributes: asDefinitions(drafts) }, { onSuccess: onClose });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Stack>
        <Text size="sm">{t("attributes.hint")}</Text>
        {drafts.map((draft, at) => (
          <AttributeRow key={draft.key} draft={draft} number={at + 1} problem={problems[at]} onChange={(part) => change(at, part)} onRemove={() => setDrafts((now) => now.filter((_, index) => index !== at))} />
        ))}
        <Group justify="space-between">
          <Button variant="default" leftSection={<IconPlus size={16} />} data-testid="add-attribute" onClick={() => setDrafts((now) => [...now, { ...NEW_ATTRIBUTE, key: Date.now() }])}>
            {t("attributes.add")}
          </Button>
          <Button type="submit" loading={update.isPending} disabled={problems.some((problem) => problem !== null)} data-testid="save-attributes">
            {t("states.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface RowProps {
  draft: AttributeDraft;
  number: number;
  problem: Problem | null | undefined;
  onChange: (part: Partial<AttributeDraft>) => void;
  onRemove: () => void;
}

const TYPES = ["boolean", "choice", "number", "text"] as const;

function AttributeRow({ draft, number, problem, onChange, onRemove }: RowProps) {
  const { t } = useTranslation();
  return (
    <Group align="flex-start" gap="xs" wrap="wrap" role="group" aria-label={t("attributes.row", { number })} data-testid="attribute-row">
      <TextInput label={t("attributes.name")} value={draft.name} maxLength={100} w={150} error={problem ? t(`attributes.problem.${problem}`) : undefined} onChange={(event) => onChange({ name: event.currentTarget.value })} />
      <Select
        label={t("attributes.type")}
        w={130}
        allowDeselect={false}
        value={draft.type}
        data={TYPES.map((type) => ({ value: type, label: t(`attributes.types.${type}`) }))}
        onChange={(type) => onChange({ type: TYPES.find((known) => known === type) ?? "boolean" })}
      />
      {draft.type === "choice" && <TagsInput label={t("attributes.options")} description={t("attributes.optionsHint")} inputWrapperOrder={["label", "input", "description"]} w={210} value={[...draft.options]} onChange={(options) => onChange({ options })} />}
      {draft.type === "number" && (
        <>
          <TextInput label={t("attributes.min")} w={80} inputMode="decimal" value={draft.min} onChange={(event) => onChange({ min: event.currentTarget.value })} />
          <TextInput label={t("attributes.max")} w={80} inputMode="decimal" value={draft.max} onChange={(event) => onChange({ max: event.currentTarget.value })} />
        </>
      )}
      <TextInput label={t("attributes.default")} w={110} value={draft.initial} placeholder={draft.type === "boolean" ? t("attributes.yesNo") : ""} onChange={(event) => onChange({ initial: event.currentTarget.value })} />
      <Checkbox mt={30} label={t("attributes.required")} checked={draft.required} onChange={(event) => onChange({ required: event.currentTarget.checked })} />
      <ActionIcon mt={26} size={36} variant="subtle" color="gray" aria-label={t("attributes.remove", { number })} onClick={onRemove}>
        <IconTrash size={17} />
      </ActionIcon>
    </Group>
  );
}
