import { ActionIcon, Button, Card, Group, Progress, Select, Stack, Text, TextInput, Title } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import { IconFolder, IconPhotoUp, IconServer, IconUpload, IconX } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { type ChangeEvent, useCallback, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { campaignKey } from "@/api/campaigns";
import { idsKey } from "@/api/gallery";
import { useServerImport } from "@/api/images";
import { notifyDone } from "@/api/queryClient";
import type { Campaign } from "@/api/types";
import { RunCard } from "@/parts/RunCard";
import { tally } from "./uploadQueue";
import { CHOOSE_FILES } from "./chooseFiles";
import { useUpload, useUploads } from "./uploads";
import { UploadTable } from "./UploadTable";
import classes from "./UploadPanel.module.css";

/** Called whenever images may have come in: the gallery and the counts look again. */
export function useRefreshImages(campaign: number): () => void {
  const client = useQueryClient();
  return useCallback(() => {
    void client.invalidateQueries({ queryKey: idsKey(campaign) });
    void client.invalidateQueries({ queryKey: campaignKey(campaign), exact: true });
  }, [client, campaign]);
}

function ServerFolder({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const refresh = useRefreshImages(campaign.id);
  const [path, setPath] = useState("");
  const [run, setRun] = useState<number | null>(null);
  const start = useServerImport(campaign.id);
  const bring = () =>
    start.mutate(
      { server_path: path.trim(), split: "" },
      {
        onSuccess: (answer) => {
          if ("kind" in answer) return setRun(answer.id);
          notifyDone(t("upload.summary", { created: answer.created, duplicates: answer.duplicates, refused: answer.refused }));
          return refresh();
        },
      },
    );
  return (
    <Stack gap="sm">
      <Group align="flex-end">
        <TextInput
          label={t("upload.serverPath")}
          description={t("upload.serverPathHint")}
          placeholder="/data/scenes"
          value={path}
          onChange={(event) => setPath(event.currentTarget.value)}
          style={{ flex: 1 }}
        />
        <Button variant="default" disabled={path.trim() === ""} loading={start.isPending} onClick={bring}>
          {t("upload.serverStart")}
        </Button>
      </Group>
      {run !== null && <RunCard id={run} />}
    </Stack>
  );
}

function UploadProgress({ campaign }: { campaign: number }) {
  const { t } = useTranslation();
  const upload = useUpload(campaign);
  const { stop, retry, clear } = useUploads.getState();
  const refresh = useRefreshImages(campaign);
  const sum = tally(upload.rows);
  if (sum.total === 0) return null;
  return (
    <Stack gap="xs" data-testid="upload-progress" data-going={upload.going}>
      <Group justify="space-between">
        <Text size="sm" fw={600} className="winnow-numbers" aria-live="polite">
          {upload.going ? t("upload.going", { finished: sum.finished.toLocaleString(), total: sum.total.toLocaleString() }) : t("upload.finished")}
        </Text>
        <Group gap="xs">
          {upload.going ? (
            <Button size="xs" variant="default" onClick={() => stop(campaign)}>
              {t("upload.stop")}
            </Button>
          ) : (
            sum.failed > 0 && (
              <Button size="xs" variant="light" onClick={() => void retry(campaign, refresh)}>
                {t("upload.retry", { count: sum.failed })}
              </Button>
            )
          )}
          {!upload.going && (
            <ActionIcon variant="subtle" color="gray" aria-label={t("upload.clear")} onClick={() => clear(campaign)}>
              <IconX size={16} />
            </ActionIcon>
          )}
        </Group>
      </Group>
      <Progress value={100 * sum.share} size="md" radius="xl" animated={upload.going} aria-label={t("upload.progress")} />
      <Text size="sm" c="dimmed" className="winnow-numbers" data-testid="upload-summary">
        {t("upload.summary", { created: sum.created.toLocaleString(), duplicates: sum.duplicate.toLocaleString(), refused: (sum.refused + sum.failed).toLocaleString() })}
      </Text>
      <UploadTable rows={upload.rows} />
    </Stack>
  );
}

interface Props {
  campaign: Campaign;
  onClose?: (() => void) | undefined;
}

/** Bring images in: files, a folder, a zip, dropped or chosen, or a folder that the server sees. */
export function UploadPanel({ campaign, onClose }: Props) {
  const { t } = useTranslation();
  const upload = useUpload(campaign.id);
  const add = useUploads((state) => state.add);
  const refresh = useRefreshImages(campaign.id);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const [split, setSplit] = useState("");
  const [server, setServer] = useState(false);
  const take = (list: readonly File[]) => void add(campaign.id, list, split, refresh);
  const chosen = (event: ChangeEvent<HTMLInputElement>) => {
    take([...(event.currentTarget.files ?? [])]);
    event.currentTarget.value = "";
  };
  return (
    <Card data-testid="upload-panel">
      <Stack>
        <Group justify="space-between" wrap="nowrap">
          <Title order={2} fz={18}>
            {t("upload.title")}
          </Title>
          {onClose !== undefined && (
            <ActionIcon variant="subtle" color="gray" aria-label={t("states.close")} onClick={onClose}>
              <IconX size={18} />
            </ActionIcon>
          )}
        </Group>
        <Dropzone onDrop={take} activateOnClick={false} activateOnKeyboard={false} disabled={upload.going} className={classes["drop"]} inputProps={{ "aria-hidden": true, tabIndex: -1 }} tabIndex={-1} role="presentation">
          <Stack align="center" gap="xs" className={classes["inside"]}>
            <IconUpload size={30} stroke={1.6} />
            <Text fw={600}>{t("upload.drop")}</Text>
            <Text size="sm" c="dimmed" ta="center">
              {t("upload.kinds")}
            </Text>
            <Group mt={6} justify="center">
              <Button id={CHOOSE_FILES} leftSection={<IconPhotoUp size={17} />} disabled={upload.going} onClick={() => files.current?.click()}>
                {t("upload.files")}
              </Button>
              <Button variant="default" leftSection={<IconFolder size={17} />} disabled={upload.going} onClick={() => folder.current?.click()}>
                {t("upload.folder")}
              </Button>
              <Button variant="subtle" color="gray" leftSection={<IconServer size={17} />} aria-expanded={server} onClick={() => setServer(!server)}>
                {t("upload.server")}
              </Button>
            </Group>
          </Stack>
        </Dropzone>
        <input ref={files} type="file" multiple hidden onChange={chosen} aria-label={t("upload.files")} data-testid="upload-input" />
        <input ref={folder} type="file" multiple hidden onChange={chosen} aria-label={t("upload.folder")} data-testid="upload-folder-input" {...{ webkitdirectory: "" }} />
        {server && <ServerFolder campaign={campaign} />}
        <Select
          label={t("upload.split")}
          description={t("upload.splitHint")}
          value={split}
          onChange={(value) => setSplit(value ?? "")}
          maw={380}
          data={(["", "train", "validation", "test"] as const).map((value) => ({ value, label: t(`images.split.${value === "" ? "any" : value}`) }))}
        />
        <UploadProgress campaign={campaign.id} />
      </Stack>
    </Card>
  );
}
