import { ActionIcon, ColorInput, Group, TextInput, Tooltip } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { NewLabel } from "@/api/types";
import { PALETTE } from "./labelDrafts";

interface Props {
  label: NewLabel;
  number: number;
  errors?: { name?: string | undefined; hotkey?: string | undefined };
  onChange: (change: Partial<NewLabel>) => void;
  onCommit?: () => void;
  onRemove: () => void;
  /** Further buttons of the row: what else can be set for a label that exists already. */
  more?: ReactNode;
}

/** One label's name, colour and key in a row. */
export function LabelFields({ label, number, errors, onChange, onCommit, onRemove, more }: Props) {
  const { t } = useTranslation();
  return (
    <Group gap="xs" align="flex-start" data-testid="label-row">
      <ColorInput
        aria-label={t("labels.colorOf", { number })}
        value={label.color}
        onChange={(color) => onChange({ color })}
        onChangeEnd={() => onCommit?.()}
        {...(onCommit === undefined ? {} : { onBlur: onCommit })}
        swatches={[...PALETTE]}
        format="hex"
        withEyeDropper={false}
        w={124}
        styles={{ input: { fontVariantNumeric: "tabular-nums" } }}
      />
      <TextInput
        aria-label={t("labels.nameOf", { number })}
        placeholder={t("labels.namePlaceholder")}
        value={label.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
        {...(onCommit === undefined ? {} : { onBlur: onCommit })}
        error={errors?.name}
        maxLength={100}
        style={{ flex: "1 1 9rem" }}
        data-testid="label-name"
      />
      <TextInput
        aria-label={t("labels.keyOf", { number })}
        placeholder={t("labels.key")}
        value={label.hotkey}
        maxLength={1}
        onChange={(event) => onChange({ hotkey: event.currentTarget.value.toLowerCase() })}
        {...(onCommit === undefined ? {} : { onBlur: onCommit })}
        error={errors?.hotkey}
        w={62}
        styles={{ input: { textAlign: "center" } }}
      />
      {more}
      <Tooltip label={t("labels.remove")}>
        <ActionIcon variant="subtle" color="gray" size={36} aria-label={t("labels.removeNamed", { name: label.name || number })} onClick={onRemove}>
          <IconTrash size={17} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
