import { Button, Card, Group, Loader, Progress, Stack, Text } from "@mantine/core";
import { IconCheck, IconDatabaseImport, IconRefresh, IconUserQuestion } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { campaignKey } from "@/api/campaigns";
import { keepWithDrafts } from "@/api/models";
import { notifyDone, notifyProblem } from "@/api/queryClient";
import type { Campaign, RegisteredModel } from "@/api/types";
import { mayManage } from "../roles";
import type { Shape } from "@/core/types";
import { drawnPath } from "@/shapes/drawn";
import classes from "./PictureCard.module.css";
import type { Picture } from "./queue";
import { withoutLabel } from "./results";
import type { Line } from "./results";

const MOST_LINES = 12;

interface Props {
  campaign: Campaign;
  picture: Picture;
  lines: readonly Line[];
  model: RegisteredModel | undefined;
  onAgain: () => void;
}

/** One picture with what the model found drawn over it, and its labels, the surest first. */
export function PictureCard({ campaign, picture, lines, model, onAgain }: Props) {
  const { t } = useTranslation();
  const isEmpty = picture.file.size === 0;
  const [broken, setBroken] = useState(false);
  const size = picture.answer?.image;
  const colors = new Map(campaign.labels.map((label) => [label.id, label.color]));
  const drawn = lines.filter((line) => line.positive && line.shape !== null);
  const nameless = picture.answer === null ? "" : withoutLabel(picture.answer);
  const found = lines.filter(({ positive }) => positive).length;
  return (
    <Card padding="sm" data-testid="predicted" data-state={picture.state}>
      <Stack gap="xs">
        <div className={classes["picture"]} style={size ? { aspectRatio: `${size.width} / ${size.height}` } : undefined}>
          {picture.preview && !broken ? <img src={picture.preview} alt={picture.file.name} onError={() => setBroken(true)} /> : <Text size="sm" c="dimmed">{t("predict.noPreview")}</Text>}
          {size && (
            <svg viewBox={`0 0 ${size.width} ${size.height}`} aria-hidden="true">
              {drawn.map(({ label, shape }, place) => shape && <Found key={place} shape={shape} color={colors.get(label)} thickness={Math.max(size.width, size.height) / 180} />)}
            </svg>
          )}
        </div>
        <Text size="sm" fw={600} truncate>
          {picture.file.name}
        </Text>
        {(picture.state === "waiting" || picture.state === "asking") && (
          <Group gap="xs">
            <Loader size="xs" /> <Text size="sm">{t(`predict.state.${picture.state}`)}</Text>
          </Group>
        )}
        {picture.state === "failed" && (
          <>
            <Text size="sm" c="var(--winnow-red-text)" role="alert">
              {isEmpty ? t("predict.emptyFile") : picture.problem}
            </Text>
            {!isEmpty && (
              <Button size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={onAgain}>
                {t("predict.again")}
              </Button>
            )}
          </>
        )}
        {picture.state === "answered" && (
          <>
            <ol className={classes["lines"]} aria-label={t("predict.found", { count: found })}>
              {lines.slice(0, MOST_LINES).map((line, place) => (
                <li key={place} data-positive={line.positive}>
                  <span className={classes["chip"]} style={{ background: colors.get(line.label) }} aria-hidden="true" />
                  <span className={classes["name"]}>{line.name}</span>
                  {line.positive && <IconCheck size={14} aria-label={t("predict.above")} />}
                  {line.unsure && <IconUserQuestion size={14} aria-label={t("predict.unsure")} />}
                  <Progress value={(line.confidence ?? 1) * 100} color={line.positive ? "var(--winnow-bar)" : "gray"} aria-label={t("predict.confidenceOf", { name: line.name })} className={classes["bar"]} />
                  <span className="winnow-numbers">{line.confidence === null ? "–" : `${(line.confidence * 100).toFixed(1)} %`}</span>
                </li>
              ))}
            </ol>
            {lines.length === 0 && <Text size="sm">{nameless === "" ? t("predict.nothing") : t("predict.withoutLabel", { names: nameless })}</Text>}
            {lines.length > MOST_LINES && <Text size="xs" c="dimmed">{t("predict.more", { count: lines.length - MOST_LINES })}</Text>}
            {mayManage(campaign.role) && model && <Keep campaign={campaign} picture={picture} model={model} />}
          </>
        )}
      </Stack>
    </Card>
  );
}

/** One thing that was found, by the edge of what it covers or by its points. */
function Found({ shape, color, thickness }: { shape: Shape; color: string | undefined; thickness: number }) {
  const path = useMemo(() => drawnPath(shape, 2 * thickness), [shape, thickness]);
  return <path d={path} stroke={color} strokeWidth={thickness} fill={color} fillOpacity={0.25} fillRule="evenodd" />;
}

/** Take the picture into the campaign, with what was found as drafts. */
function Keep({ campaign, picture, model }: { campaign: Campaign; picture: Picture; model: RegisteredModel }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [state, setState] = useState<"" | "busy" | "kept">("");
  const keep = async (): Promise<void> => {
    setState("busy");
    try {
      await keepWithDrafts(campaign.id, model, picture.file);
      setState("kept");
      notifyDone(t("predict.kept", { name: picture.file.name }));
      await client.invalidateQueries({ queryKey: campaignKey(campaign.id) });
    } catch (error) {
      setState("");
      notifyProblem(error);
    }
  };
  return (
    <Button size="xs" variant="subtle" leftSection={<IconDatabaseImport size={14} />} loading={state === "busy"} disabled={state === "kept"} onClick={() => void keep()} data-testid="keep-picture">
      {t(state === "kept" ? "predict.isKept" : "predict.keep")}
    </Button>
  );
}
