import { Alert, Button, Card, FileInput, Group, Select, SimpleGrid, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconFileUpload } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCampaignModelChanges, useUploadOnnx } from "@/api/models";
import { messageOf } from "@/api/problems";
import type { Task } from "@/api/types";
import { nameOfFile, TASKS } from "./kinds";

const ASKED = "";

interface Props {
  /** The campaign that the model is attached to as it comes. */
  campaign?: number | undefined;
}

/** A network from a file: chosen, named, and looked through by the server; its page then shows what it takes and gives. */
export function UploadOnnx({ campaign }: Props) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const upload = useUploadOnnx();
  const { attach } = useCampaignModelChanges(campaign ?? 0);
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState("");
  const [task, setTask] = useState<Task | typeof ASKED>(ASKED);
  const choose = (chosen: File | null) => {
    upload.reset();
    setFile(chosen);
    if (chosen !== null && (name === "" || (file !== null && name === nameOfFile(file.name)))) setName(nameOfFile(chosen.name));
  };
  const send = () => {
    if (file === null || name.trim() === "") return;
    upload.mutate(
      { file, name: name.trim(), task },
      {
        onSuccess: (model) => {
          const open = () => void navigate({ to: "/models/$modelId", params: { modelId: model.id }, search: campaign === undefined ? {} : { campaign } });
          if (campaign === undefined) open();
          else attach.mutate(model.id, { onSettled: open });
        },
      },
    );
  };
  return (
    <Card data-testid="upload-onnx">
      <Stack>
        <Group wrap="nowrap" align="flex-start">
          <IconFileUpload size={24} style={{ flex: "none", marginTop: 2 }} />
          <div>
            <Title order={2} fz={16}>
              {t("onnx.title")}
            </Title>
            <Text size="sm" c="dimmed">
              {t("onnx.text")}
            </Text>
          </div>
        </Group>
        {upload.error !== null && (
          <Alert color="red" role="alert" data-testid="onnx-error">
            {messageOf(upload.error)}
          </Alert>
        )}
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <FileInput label={t("onnx.file")} placeholder={t("onnx.choose")} accept=".onnx" value={file} onChange={choose} clearable disabled={upload.isPending} data-testid="onnx-file" />
          <TextInput label={t("models.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={200} data-testid="onnx-name" />
          <Select
            label={t("models.task")}
            data={[{ value: ASKED, label: t("onnx.told") }, ...TASKS.map((value) => ({ value, label: t(`tasks.${value}`) }))]}
            value={task}
            onChange={(value) => setTask(TASKS.find((known) => known === value) ?? ASKED)}
            allowDeselect={false}
            data-testid="onnx-task"
          />
        </SimpleGrid>
        <Group>
          <Button onClick={send} disabled={file === null || name.trim() === ""} loading={upload.isPending || attach.isPending} data-testid="onnx-send">
            {t("onnx.send")}
          </Button>
        </Group>
      </Stack>
    </Card>
  );
}
