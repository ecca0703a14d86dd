import { Button, Checkbox, Drawer, FileButton, Group, MultiSelect, NumberInput, SegmentedControl, Slider, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPhotoPlus } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { type GalleryImage, type Query } from "@/api/gallery";
import { thumbnailUrl } from "@/api/thumbnails";
import { useLook } from "@/api/likeness";
import { ApiProblem } from "@/api/problems";
import { notifyDone } from "@/api/queryClient";
import type { Campaign } from "@/api/types";
import { ErrorState, LoadingRows } from "@/parts/states";
import { showInGallery } from "../images/store";
import { mayManage } from "../roles";
import type { Crop } from "./crop";
import { CropPicture } from "./CropPicture";
import classes from "./Similar.module.css";
import { type Asked, useSimilar } from "./useSimilar";

interface Props {
  campaign: Campaign;
  /** The image that others are to be like; without one, a picture from this computer is asked for. */
  image: GalleryImage | undefined;
  opened: boolean;
  filter: Query;
  onClose: () => void;
}

const MOST = 1000;
const REST_MS = 250;

/** Images like one, like a part of one, or like a picture from elsewhere; what is found is chosen in the gallery at once. */
export function SimilarDrawer(props: Props) {
  const { t } = useTranslation();
  return (
    <Drawer opened={props.opened} onClose={props.onClose} position="right" size={480} title={t("similar.title")} data-testid="similar">
      {props.opened && <Search key={props.image?.id ?? 0} {...props} />}
    </Drawer>
  );
}

function Search({ campaign, image, filter, onClose }: Props) {
  const { t } = useTranslation();
  const [crop, setCrop] = useState<Crop | null>(null);
  const [picture, setPicture] = useState<File | null>(null);
  const [choice, setChoice] = useState({ limit: 24, threshold: 0.5, labels: [] as readonly number[], all: false, inFilter: false });
  const change = (next: Partial<typeof choice>): void => setChoice((now) => ({ ...now, ...next }));
  const asked = useMemo((): Asked | null => (image !== undefined ? { image, crop } : picture === null ? null : { picture }), [image, crop, picture]);
  const { inFilter, ...rest } = choice;
  const [question] = useDebouncedValue(useMemo(() => ({ asked, likeness: { ...rest, filter: inFilter ? filter : {} } }), [asked, choice, filter]), REST_MS); // eslint-disable-line react-hooks/exhaustive-deps
  const found = useSimilar(campaign.id, question.asked, question.likeness);
  const images = question.asked === null ? [] : (found.data?.similar ?? []);
  // What stands there belongs to the question before while the answer to this one is on its way.
  const isOld = found.isFetching || question.asked !== asked;
  const name = image?.name ?? picture?.name ?? "";
  const show = (): void => {
    showInGallery(campaign.id, t(crop === null ? "similar.likeImage" : "similar.likePart", { name }), images.map((one) => one.image.id));
    onClose();
  };
  return (
    <Stack>
      {image !== undefined ? <CropPicture src={thumbnailUrl(image.id, 512)} name={image.name} crop={crop} onCrop={setCrop} /> : <OwnPicture picture={picture} onPicture={setPicture} />}
      {crop !== null && (
        <Button size="xs" variant="default" onClick={() => setCrop(null)} data-testid="crop-away">
          {t("similar.whole")}
        </Button>
      )}
      <Group grow align="start">
        <NumberInput label={t("similar.limit")} size="xs" min={1} max={MOST} value={choice.limit} onChange={(value) => typeof value === "number" && value >= 1 && change({ limit: Math.min(MOST, Math.round(value)) })} data-testid="similar-limit" />
        <div>
          <Text size="xs" fw={500} mb={6}>
            {t("similar.threshold")}: {Math.round(choice.threshold * 100)} %
          </Text>
          <Slider size="sm" min={0} max={1} step={0.01} value={choice.threshold} label={null} onChange={(threshold) => change({ threshold })} thumbLabel={t("similar.threshold")} data-testid="similar-threshold" />
        </div>
      </Group>
      <Group align="end">
        <MultiSelect label={t("similar.labels")} size="xs" flex={1} clearable searchable data={campaign.labels.map((label) => ({ value: String(label.id), label: label.name }))} value={choice.labels.map(String)} onChange={(labels) => change({ labels: labels.map(Number) })} data-testid="similar-labels" />
        {choice.labels.length > 1 && (
          <SegmentedControl size="xs" aria-label={t("similar.combine")} value={choice.all ? "all" : "any"} onChange={(value) => change({ all: value === "all" })} data={(["any", "all"] as const).map((value) => ({ value, label: t(`similar.${value}`) }))} />
        )}
      </Group>
      {Object.keys(filter).length > 0 && <Checkbox size="xs" label={t("similar.inFilter")} checked={choice.inFilter} onChange={(event) => change({ inFilter: event.currentTarget.checked })} />}
      {found.error !== null && question.asked !== null ? (
        <Unlooked campaign={campaign} error={found.error} onRetry={() => void found.refetch()} />
      ) : found.isLoading ? (
        <LoadingRows rows={2} height={90} />
      ) : (
        question.asked !== null && (
          <>
            <Group justify="space-between">
              <Text size="sm" fw={600} aria-live="polite" data-testid="similar-count" data-count={images.length} data-fresh={!isOld || undefined}>
                {isOld ? t("similar.asking") : images.length === 0 ? t("similar.nothing") : t("similar.count", { count: images.length })}
              </Text>
              {images.length > 0 && !isOld && (
                <Button size="xs" onClick={show} data-testid="similar-show">
                  {t("similar.show", { count: images.length })}
                </Button>
              )}
            </Group>
            {(found.data?.missing ?? 0) > 0 && <Missing campaign={campaign} count={found.data?.missing ?? 0} />}
            <ol className={classes["results"]} data-old={isOld || undefined}>
              {images.map(({ image: one, similarity }) => (
                <li key={one.id} className={classes["result"]} data-testid="similar-image" data-id={one.id}>
                  {/* In a tab of its own: what was found stays here. */}
                  <Link to="/campaigns/$campaignId/label" params={{ campaignId: campaign.id }} search={{ image: one.id }} target="_blank" className={classes["found"]} aria-label={t("similar.open", { name: one.name, percent: Math.round(similarity * 100) })}>
                    <img src={thumbnailUrl(one.id, 256)} alt="" loading="lazy" />
                    <span className={classes["caption"]}>
                      <span className={classes["name"]}>{one.name}</span>
                      <b className={`winnow-numbers ${classes["percent"] ?? ""}`}>{Math.round(similarity * 100)} %</b>
                    </span>
                  </Link>
                </li>
              ))}
            </ol>
          </>
        )
      )}
    </Stack>
  );
}

function OwnPicture({ picture, onPicture }: { picture: File | null; onPicture: (picture: File) => void }) {
  const { t } = useTranslation();
  const address = useMemo(() => (picture === null ? null : URL.createObjectURL(picture)), [picture]);
  useEffect(() => () => (address === null ? undefined : URL.revokeObjectURL(address)), [address]);
  return (
    <Stack align="center" gap="xs">
      {address !== null && (
        <div className={classes["picture"]} style={{ cursor: "default" }}>
          <img src={address} alt={picture?.name ?? ""} />
        </div>
      )}
      <FileButton onChange={(file) => file !== null && onPicture(file)} accept="image/*,.tif,.tiff" inputProps={{ "aria-label": t("similar.upload") }}>
        {(button) => (
          <Button {...button} variant={picture === null ? "filled" : "default"} size="xs" leftSection={<IconPhotoPlus size={16} />} data-testid="similar-upload">
            {t(picture === null ? "similar.upload" : "similar.another")}
          </Button>
        )}
      </FileButton>
      <Text size="xs" c="dimmed">
        {t("similar.notKept")}
      </Text>
    </Stack>
  );
}

/** Nobody has looked at the image: offer to, where the person may start that. */
function Unlooked({ campaign, error, onRetry }: { campaign: Campaign; error: unknown; onRetry: () => void }) {
  return (
    <Stack gap="xs">
      <ErrorState error={error} onRetry={onRetry} />
      {error instanceof ApiProblem && error.code === "not_looked_at" && <LookNow campaign={campaign} />}
    </Stack>
  );
}

function Missing({ campaign, count }: { campaign: Campaign; count: number }) {
  const { t } = useTranslation();
  return (
    <Group justify="space-between">
      <Text size="xs" c="dimmed">
        {t("similar.missing", { count })}
      </Text>
      <LookNow campaign={campaign} />
    </Group>
  );
}

function LookNow({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const look = useLook(campaign.id);
  if (!mayManage(campaign.role)) return null;
  return (
    <Button size="compact-xs" variant="light" loading={look.isPending} onClick={() => look.mutate(0.97, { onSuccess: () => notifyDone(t("similar.looking")) })} data-testid="similar-look">
      {t("similar.look")}
    </Button>
  );
}
