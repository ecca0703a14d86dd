import { ActionIcon, Badge, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { IconArrowRight, IconZoomIn } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { thumbnailUrl } from "@/api/thumbnails";
import { type MeasuredImage, type Statistics, type Subject, type Thresholds, useJudgedImage } from "@/api/statistics";
import type { Campaign } from "@/api/types";
import { keepScope } from "@/pages/labeling/scope";
import { JudgedObjects, nameOfObject } from "./JudgedObjects";
import { Legend } from "./Legend";
import classes from "./ImagesViewer.module.css";

const SIDE_PX = 1024;
const MOST_LISTED = 100;

interface Props {
  campaign: Campaign;
  subject: Subject;
  thresholds: Thresholds;
  image: MeasuredImage;
  ids: readonly number[];
  kind: Statistics["kind"];
  /** Told when it opens and closes: what it lies over then leaves Escape to it. */
  onLook?: ((open: boolean) => void) | undefined;
}

function Found({ campaign, subject, thresholds, image }: Pick<Props, "campaign" | "subject" | "thresholds" | "image">) {
  const { t } = useTranslation();
  const { data } = useJudgedImage(subject, thresholds, image.image);
  const listed = data?.objects.slice(0, MOST_LISTED) ?? [];
  return (
    <Group component="ul" gap={6} className={classes["list"] ?? ""} aria-label={image.name} data-testid="judged-objects">
      {listed.map((object, at) => (
        <li key={at}>
          <Badge variant={object.outcome === "hit" ? "light" : "outline"} color={object.outcome === "hit" ? "pine" : object.outcome === "false" ? "wheat" : "red"} tt="none" c="var(--mantine-color-text)" data-outcome={object.outcome}>
            {t("statistics.judged", { object: nameOfObject(campaign, object), outcome: t(`statistics.outcomeOf.${object.outcome}`) })}
          </Badge>
        </li>
      ))}
    </Group>
  );
}

/** One image, as large as the window allows, with what is right, false and missed drawn on it and named below. */
export function CloserLook(props: Props) {
  const { campaign, subject, thresholds, image, ids, kind, onLook } = props;
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const look = (open: boolean) => {
    setOpened(open);
    onLook?.(open);
  };
  return (
    <>
      <ActionIcon size={26} variant="default" aria-label={t("statistics.closer", { name: image.name })} onClick={() => look(true)} data-testid="closer-look">
        <IconZoomIn size={15} aria-hidden="true" />
      </ActionIcon>
      <Modal opened={opened} onClose={() => look(false)} size="min(1100px, 94vw)" title={image.name}>
        <Stack gap="sm" data-testid="closer">
          <div className={`${classes["picture"]} ${classes["large"]}`}>
            <img src={thumbnailUrl(image.image, SIDE_PX)} alt="" data-whole />
            <JudgedObjects campaign={campaign} subject={subject} thresholds={thresholds} image={image.image} />
          </div>
          <Group justify="space-between" align="flex-start">
            <Legend kind={kind} linesOnly />
            <Button
              size="xs" variant="default" rightSection={<IconArrowRight size={15} />}
              renderRoot={(given) => <Link {...given} to="/campaigns/$campaignId/label" params={{ campaignId: campaign.id }} search={{ image: image.image, scope: "selection" }} onClick={() => keepScope(campaign.id, { kind: "selection", ids })} />}
            >
              {t("statistics.openTool")}
            </Button>
          </Group>
          {kind === "areas" ? <Text size="sm">{t("statistics.shareRight", { share: (100 * (1 - (image.loss ?? 0))).toFixed(1) })}</Text> : <Found {...{ campaign, subject, thresholds, image }} />}
        </Stack>
      </Modal>
    </>
  );
}
