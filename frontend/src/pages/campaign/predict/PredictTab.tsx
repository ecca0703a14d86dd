import { Alert, Button, Card, FileButton, Group, Menu, NumberInput, SegmentedControl, Select, SimpleGrid, Slider, Stack, Text } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import { IconCamera, IconDownload, IconPhotoPlus, IconTrash } from "@tabler/icons-react";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { useCurrentModel } from "@/api/learning";
import { predictPicture, useCampaignModels } from "@/api/models";
import { notifyProblem } from "@/api/queryClient";
import type { Campaign, CampaignModel } from "@/api/types";
import { Disclosure } from "@/parts/Disclosure";
import { Loaded, LoadingRows } from "@/parts/states";
import { ProfileSelect } from "../models/ProfileSelect";
import { archiveByLabel, archiveOfMasks, save, type Told } from "./files";
import { PictureCard } from "./PictureCard";
import { PictureQueue } from "./queue";
import { linesOf, tableOf, type Limits } from "./results";

type Checkpoint = "best" | "last";
const MOST_BYTES = 256 * 2 ** 20;

/** Try a model on pictures that are not in the campaign: from this computer, or straight from a phone's camera. */
export function PredictTab({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const query = useCampaignModels(campaign.id);
  const current = useCurrentModel(campaign.id);
  if (current.isLoading) return <LoadingRows />;
  return (
    <Loaded query={query}>
      {(attached) => {
        const able = attached.filter(({ model }) => model.kind !== "promptable");
        return able.length === 0 ? <Alert color="gray">{t("predict.noModels")}</Alert> : <Trial campaign={campaign} models={able} current={current.data?.model?.id} />;
      }}
    </Loaded>
  );
}

function Trial({ campaign, models, current }: { campaign: Campaign; models: readonly CampaignModel[]; current: number | undefined }) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState(() => (models.find(({ model }) => model.id === current) ?? models.find(({ mapping }) => mapping.some(({ label }) => label !== null)) ?? models[0])?.model.id ?? 0);
  const [checkpoint, setCheckpoint] = useState<Checkpoint>("best");
  const attached = models.find(({ model }) => model.id === chosen) ?? models[0];
  const model = attached?.model;
  const [profile, setProfile] = useState<number | null>(null);
  const [limits, setLimits] = useState<Limits>({ all: 0.5, byLabel: attached?.thresholds ?? {} });
  const [queue] = useState(() => new PictureQueue((file, signal) => predictPicture(campaign.id, chosen, file, checkpoint, signal)));
  const pictures = useStore(queue.store, (state) => state.pictures);
  useEffect(() => queue.askOf((file, signal) => predictPicture(campaign.id, chosen, file, checkpoint, signal)), [queue, campaign.id, chosen, checkpoint]);
  useEffect(() => () => queue.clear(), [queue]);

  const oneLabel = campaign.task === "classification" && !campaign.settings.multi_label;
  const told = useMemo(
    () => pictures.flatMap((picture): Told[] => (picture.answer ? [{ picture, file: picture.file.name, lines: linesOf(picture.answer, limits, oneLabel) }] : [])),
    [pictures, limits, oneLabel],
  );
  const lines = new Map(told.map((one) => [one.picture.key, one.lines]));
  const add = (files: File[]): void => queue.add(files);
  return (
    <Stack gap="lg">
      <Card>
        <Stack>
          <Group align="end">
            <Select
              label={t("predict.model")} data={models.map((one) => ({ value: String(one.model.id), label: `${one.model.name} · ${one.model.version}` }))} value={String(chosen)} allowDeselect={false} w={280}
              onChange={(value) => {
                const next = models.find((one) => String(one.model.id) === value);
                if (!next) return;
                setChosen(next.model.id);
                setProfile(null);
                setLimits((now) => ({ ...now, byLabel: next.thresholds }));
              }}
              data-testid="predict-model"
            />
            {model?.kind === "internal" && (
              <SegmentedControl data={[{ value: "best", label: t("predict.best") }, { value: "last", label: t("predict.last") }]} value={checkpoint} onChange={(value) => setCheckpoint(value as Checkpoint)} aria-label={t("predict.checkpoint")} />
            )}
            <ProfileSelect
              campaign={campaign.id} model={chosen} value={profile} size="sm"
              onPick={({ id, thresholds }) => {
                setProfile(id);
                setLimits((now) => ({ ...now, byLabel: thresholds }));
              }}
            />
          </Group>
          <div>
            <Text size="sm" fw={500} id="predict-threshold">
              {t("predict.threshold", { percent: Math.round(limits.all * 100) })}
            </Text>
            <Slider min={0} max={1} step={0.01} value={limits.all} onChange={(all) => setLimits((now) => ({ ...now, all }))} label={(value) => `${Math.round(value * 100)} %`} thumbProps={{ "aria-labelledby": "predict-threshold" }} data-testid="predict-threshold" />
          </div>
          <Disclosure label={t("predict.thresholds")}>
            <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} mt="xs">
              {campaign.labels.map((label) => (
                <NumberInput
                  key={label.id} label={label.name} min={0} max={1} step={0.05} decimalScale={2} placeholder={limits.all.toFixed(2)} value={limits.byLabel[label.id] ?? ""}
                  onChange={(value) => {
                    setProfile(null);
                    setLimits((now) => {
                      const others = Object.fromEntries(Object.entries(now.byLabel).filter(([id]) => id !== String(label.id)));
                      return { ...now, byLabel: typeof value === "number" ? { ...others, [label.id]: value } : others };
                    });
                  }}
                />
              ))}
            </SimpleGrid>
          </Disclosure>
          <Dropzone onDrop={add} maxSize={MOST_BYTES} onReject={(refused) => refused.forEach(({ file }) => notifyProblem(new Error(t("predict.tooLarge", { name: file.name }))))} role="button" aria-label={t("predict.drop")} data-testid="predict-drop">
            <Group justify="center" gap="sm" mih={88} style={{ pointerEvents: "none" }}>
              <IconPhotoPlus size={26} stroke={1.6} aria-hidden="true" />
              <Text>{t("predict.drop")}</Text>
            </Group>
          </Dropzone>
          <Group justify="space-between">
            <FileButton onChange={(file) => file && add([file])} accept="image/*" capture="environment">
              {(props) => (
                <Button {...props} leftSection={<IconCamera size={16} />} variant="light" data-testid="predict-camera">
                  {t("predict.camera")}
                </Button>
              )}
            </FileButton>
            {pictures.length > 0 && (
              <Group gap="xs">
                <Downloads told={told} campaign={campaign} />
                <Button variant="subtle" color="gray" leftSection={<IconTrash size={16} />} onClick={() => queue.clear()}>
                  {t("predict.clear")}
                </Button>
              </Group>
            )}
          </Group>
        </Stack>
      </Card>
      <Text className="winnow-hidden" role="status">
        {pictures.length > 0 && t("predict.progress", { count: pictures.length, answered: told.length, failed: pictures.filter(({ state }) => state === "failed").length })}
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {pictures.map((picture) => (
          <PictureCard key={picture.key} campaign={campaign} picture={picture} lines={lines.get(picture.key) ?? []} model={model} onAgain={() => queue.again(picture.key)} />
        ))}
      </SimpleGrid>
    </Stack>
  );
}

function Downloads({ told, campaign }: { told: readonly Told[]; campaign: Campaign }) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const take = (name: string, type: string, make: () => BlobPart | Promise<BlobPart>) => async (): Promise<void> => {
    setBusy(true);
    try {
      save(name, await make(), type);
    } catch (error) {
      notifyProblem(error);
    }
    setBusy(false);
  };
  const documents = () => JSON.stringify(told.map(({ file, picture }) => ({ file, ...picture.answer })), null, 2);
  return (
    <Menu>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} />} loading={busy} disabled={told.length === 0} data-testid="predict-download">
          {t("predict.download")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void take("predictions-by-label.zip", "application/zip", () => archiveByLabel(told))()}>{t("predict.zip")}</Menu.Item>
        <Menu.Item onClick={() => void take("predictions.json", "application/json", documents)()}>{t("predict.json")}</Menu.Item>
        <Menu.Item onClick={() => void take("predictions.csv", "text/csv", () => tableOf(told))()}>{t("predict.csv")}</Menu.Item>
        {campaign.task === "segmentation" && <Menu.Item onClick={() => void take("masks.zip", "application/zip", () => archiveOfMasks(told, campaign.labels))()}>{t("predict.masks")}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}
