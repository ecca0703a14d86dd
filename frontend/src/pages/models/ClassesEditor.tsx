import { ActionIcon, Button, Group, Input, NumberInput, Stack, TextInput } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ModelClass } from "@/api/types";
import { parsedClasses } from "@/pages/campaign/models/mapper";

interface Props {
  classes: readonly ModelClass[];
  onChange: (classes: ModelClass[]) => void;
  error?: string | undefined;
}

/** The output slots of a model, by index and name; a comma-separated list is enough to make them all. */
export function ClassesEditor({ classes, onChange, error }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const add = () => {
    if (text.trim() === "") return;
    onChange(parsedClasses(text, classes));
    setText("");
  };
  const change = (at: number, part: Partial<ModelClass>) => onChange(classes.map((one, index) => (index === at ? { ...one, ...part } : one)));
  return (
    <Input.Wrapper label={t("models.classes")} description={t("models.classesHint")} error={error} labelElement="div">
      <Stack gap={6} mt={8}>
        {classes.map((one, at) => (
          <Group key={at} gap="xs" wrap="nowrap" data-testid="class-row">
            <NumberInput aria-label={t("models.classIndex", { number: at + 1 })} value={one.index} min={0} onChange={(value) => change(at, { index: Number(value) || 0 })} w={84} hideControls />
            <TextInput aria-label={t("models.className", { number: at + 1 })} value={one.name} onChange={(event) => change(at, { name: event.currentTarget.value })} style={{ flex: 1 }} maw={340} />
            <ActionIcon variant="subtle" color="gray" aria-label={t("models.removeClass", { name: one.name })} onClick={() => onChange(classes.filter((_, index) => index !== at))}>
              <IconX size={16} />
            </ActionIcon>
          </Group>
        ))}
        <Group gap="xs">
          <TextInput
            aria-label={t("models.addClasses")}
            placeholder={t("models.addClasses")}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              event.preventDefault();
              add();
            }}
            onBlur={add}
            style={{ flex: 1 }}
            maw={430}
            data-testid="model-classes"
          />
          <Button variant="default" onClick={add} disabled={text.trim() === ""}>
            {t("models.addClass")}
          </Button>
        </Group>
      </Stack>
    </Input.Wrapper>
  );
}
