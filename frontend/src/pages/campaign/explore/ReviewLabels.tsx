import { Badge, Button, Card, Group, SegmentedControl, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconArrowBackUp, IconArrowRight, IconCheck, IconListCheck, IconPencil, IconZoomQuestion } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { thumbnailUrl } from "@/api/thumbnails";
import { type DoubtState, type LabelDoubt, useDecide, useDoubt, useDoubts } from "@/api/likeness";
import { isFinished, useRuns } from "@/api/runs";
import type { Campaign } from "@/api/types";
import type { Annotation } from "@/core/types";
import { LabelChip } from "@/parts/LabelChip";
import { EmptyState, Loaded } from "@/parts/states";
import { drawnPath } from "@/shapes/drawn";
import { notifyUndoable } from "../images/useLabelWork";
import { mayReview } from "../roles";
import classes from "./Explore.module.css";
import { LatestRun } from "./LatestRun";
import { Outdated } from "./Outdated";

const STATES = ["open", "kept", "changed"] as const satisfies readonly DoubtState[];

/** What people submitted and is probably wrong, the surest first: keep it, change it, or look closer. */
export function ReviewLabels({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const [state, setState] = useState<DoubtState>("open");
  const query = useDoubts(campaign.id, state);
  const look = useDoubt(campaign.id);
  const going = useRuns({ campaign: campaign.id, kind: "label-errors" }).data?.some((run) => !isFinished(run)) === true;
  return (
    <Stack>
      <Text size="sm" c="dimmed" maw={760}>
        {t(campaign.task === "classification" ? "explore.doubts.hint" : "explore.doubts.hintObjects")}
      </Text>
      <Group justify="space-between">
        {mayReview(campaign.role) && (
          <Button leftSection={<IconZoomQuestion size={17} />} loading={look.isPending || going} onClick={() => look.mutate()} data-testid="doubts-look">
            {t("explore.doubts.look")}
          </Button>
        )}
        <SegmentedControl size="xs" aria-label={t("explore.doubts.states")} value={state} onChange={(next) => setState(next as DoubtState)} data={STATES.map((one) => ({ value: one, label: t(`explore.doubts.state.${one}`) }))} data-testid="doubts-state" />
      </Group>
      <LatestRun campaign={campaign.id} kind="label-errors" />
      <Outdated outdated={query.data?.pages[0]?.outdated === true} />
      <Loaded query={{ ...query, data: query.data === undefined ? undefined : query.items }}>
        {(doubts) =>
          doubts.length === 0 ? (
            <EmptyState icon={<IconListCheck size={26} />} title={t("explore.doubts.emptyTitle")}>
              {t("explore.doubts.emptyText")}
            </EmptyState>
          ) : (
            <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} data-testid="doubts">
              {doubts.map((doubt) => (
                <DoubtCard key={doubt.id} campaign={campaign} doubt={doubt} />
              ))}
            </SimpleGrid>
          )
        }
      </Loaded>
      {query.hasNextPage && (
        <Button variant="default" style={{ alignSelf: "center" }} loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t("explore.doubts.more")}
        </Button>
      )}
    </Stack>
  );
}

function DoubtCard({ campaign, doubt }: { campaign: Campaign; doubt: LabelDoubt }) {
  const { t } = useTranslation();
  const { mutate, isPending } = useDecide(campaign.id);
  const labelOf = (id: number | null) => campaign.labels.find((one) => one.id === id);
  const [given, suggested] = [labelOf(doubt.given), labelOf(doubt.suggested)];
  const decide = (state: DoubtState): void =>
    mutate({ doubt: doubt.id, state }, { onSuccess: () => state !== "open" && notifyUndoable(t(`explore.doubts.did.${state}`, { name: doubt.image.name }), t("gallery.undo"), () => mutate({ doubt: doubt.id, state: "open" })) });
  return (
    <Card data-testid="doubt" data-image={doubt.image.id} data-kind={doubt.kind} padding="sm">
      <Card.Section>
        <DoubtPicture doubt={doubt} />
      </Card.Section>
      <Stack gap={6} mt="sm">
        <Group gap="xs" justify="space-between" wrap="nowrap">
          <Text size="sm" fw={600} truncate>
            {doubt.image.name}
          </Text>
          <Badge color="wheat" variant="light" className="winnow-numbers">
            {Math.round(doubt.score * 100)} %
          </Badge>
        </Group>
        <Group gap={6}>
          <Text size="xs">{t(`explore.doubts.kind.${doubt.kind}`)}</Text>
          {given !== undefined && <LabelChip label={given} />}
          {given !== undefined && suggested !== undefined && given !== suggested && <IconArrowRight size={14} aria-label={t("explore.doubts.becomes")} />}
          {suggested !== undefined && given !== suggested && <LabelChip label={suggested} />}
        </Group>
        <Why doubt={doubt} />
        {mayReview(campaign.role) && (
          <Group gap={6}>
            {doubt.state === "open" ? (
              <>
                <Button size="compact-sm" variant="default" leftSection={<IconCheck size={14} />} loading={isPending} onClick={() => decide("kept")} data-testid="doubt-keep">
                  {t("explore.doubts.keep")}
                </Button>
                <Button size="compact-sm" loading={isPending} onClick={() => decide("changed")} data-testid="doubt-change">
                  {t("explore.doubts.change")}
                </Button>
              </>
            ) : (
              <Button size="compact-sm" variant="default" leftSection={<IconArrowBackUp size={14} />} loading={isPending} onClick={() => decide("open")} data-testid="doubt-open">
                {t("explore.doubts.undo")}
              </Button>
            )}
            <Button component={Link} to={`/campaigns/${campaign.id}/label?image=${doubt.image.id}`} size="compact-sm" variant="subtle" leftSection={<IconPencil size={14} />}>
              {t("gallery.openInTool")}
            </Button>
          </Group>
        )}
      </Stack>
    </Card>
  );
}

/** What people drew in full lines, what the model says dashed. */
function DoubtPicture({ doubt }: { doubt: LabelDoubt }) {
  const { image, facts } = doubt;
  const drawn = (facts["drawn"] ?? null) as Annotation | null;
  const said = (facts["said"] ?? null) as Annotation | null;
  const dot_px = Math.max(image.width, image.height) / 100;
  return (
    <div className={classes["doubted"]}>
      <img src={thumbnailUrl(image.id, 512)} alt="" loading="lazy" />
      {(drawn !== null || said !== null) && (
        <svg viewBox={`0 0 ${image.width} ${image.height}`} aria-hidden="true">
          {drawn !== null && <path d={drawnPath(drawn.shape, dot_px)} data-side="drawn" vectorEffect="non-scaling-stroke" />}
          {said !== null && <path d={drawnPath(said.shape, dot_px)} data-side="said" vectorEffect="non-scaling-stroke" />}
        </svg>
      )}
    </div>
  );
}

function Why({ doubt }: { doubt: LabelDoubt }) {
  const { t } = useTranslation();
  const { facts } = doubt;
  const percent = (name: string): number => Math.round(Number(facts[name] ?? 0) * 100);
  const text =
    "model" in facts
      ? t(`explore.doubts.says.${doubt.kind}`, { model: String(facts["model"]), overlap: percent("overlap"), sure: Math.round(100 * ((facts["said"] as Annotation | null)?.confidence ?? 1)) })
      : "other" in facts
        ? t("explore.doubts.folds", { own: percent("own"), other: percent("other"), neighbours: percent("neighbours") })
        : t("explore.doubts.foldsOne", { own: percent("own"), neighbours: percent("neighbours") });
  return (
    <Text size="xs" c="dimmed">
      {text}
    </Text>
  );
}
