import { Alert, Badge, Button, Card, Group, NumberInput, Pagination, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCopy, IconPhotoSearch } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { campaignKey } from "@/api/campaigns";
import { useImageChanges } from "@/api/images";
import { thumbnailUrl } from "@/api/thumbnails";
import { type DuplicateGroup, type Duplicates as Found, groupsAPage, useDuplicates, useLook } from "@/api/likeness";
import { isFinished, useRuns } from "@/api/runs";
import type { Campaign, Split } from "@/api/types";
import { EmptyState, Loaded } from "@/parts/states";
import { listedImages } from "../images/naming";
import { notifyUndoable } from "../images/useLabelWork";
import { mayManage } from "../roles";
import classes from "./Explore.module.css";
import { LatestRun } from "./LatestRun";
import { Outdated } from "./Outdated";
import { useShow } from "./useShow";

const PERCENT = 100;

/** Images that are nearly the same: keep one, exclude the others, and see where two splits share them. */
export function Duplicates({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const [page, setPage] = useState(0);
  const query = useDuplicates(campaign.id, page);
  return (
    <Stack>
      <Text size="sm" c="dimmed" maw={760}>
        {t("explore.duplicates.hint")}
      </Text>
      {mayManage(campaign.role) && <Start key={query.data?.run ?? 0} campaign={campaign} last={query.data?.threshold ?? 0} />}
      <LatestRun campaign={campaign.id} kind="likeness" />
      <Outdated outdated={query.data?.outdated === true} />
      <Loaded query={query}>{(found) => <Groups campaign={campaign} found={found} page={page} onPage={setPage} />}</Loaded>
    </Stack>
  );
}

function Start({ campaign, last }: { campaign: Campaign; last: number }) {
  const { t } = useTranslation();
  const look = useLook(campaign.id);
  const going = useRuns({ campaign: campaign.id, kind: "likeness" }).data?.some((run) => !isFinished(run)) === true;
  const [percent, setPercent] = useState(last > 0 ? Math.round(last * PERCENT) : 97);
  return (
    <Group align="end">
      <NumberInput label={t("explore.duplicates.threshold")} suffix=" %" min={50} max={100} w={160} value={percent} onChange={(value) => typeof value === "number" && setPercent(value)} data-testid="duplicates-threshold" />
      <Button leftSection={<IconPhotoSearch size={17} />} loading={look.isPending || going} disabled={campaign.counts.images === 0 || percent < 50 || percent > 100} onClick={() => look.mutate(percent / PERCENT)} data-testid="duplicates-look">
        {t("explore.duplicates.look")}
      </Button>
    </Group>
  );
}

function Groups({ campaign, found, page, onPage }: { campaign: Campaign; found: Found; page: number; onPage: (page: number) => void }) {
  const { t } = useTranslation();
  const exclude = useExclude(campaign);
  const [keeps, setKeeps] = useState<ReadonlyMap<number, number>>(new Map());
  if (found.run === null) {
    return (
      <EmptyState icon={<IconCopy size={26} />} title={t("explore.duplicates.emptyTitle")}>
        {t("explore.duplicates.emptyText")}
      </EmptyState>
    );
  }
  if (found.count === 0) {
    return (
      <EmptyState icon={<IconCopy size={26} />} title={t("explore.duplicates.noneTitle")}>
        {t("explore.duplicates.noneText", { count: found.compared })}
      </EmptyState>
    );
  }
  const keptOf = (group: DuplicateGroup): number => {
    const chosen = keeps.get(keyOf(group));
    return chosen !== undefined && group.images.some(({ id }) => id === chosen) ? chosen : (group.images[0]?.id ?? 0);
  };
  const othersOf = (group: DuplicateGroup): number[] => group.images.map(({ id }) => id).filter((id) => id !== keptOf(group));
  const pages = Math.ceil(found.count / groupsAPage);
  return (
    <Stack>
      <Group justify="space-between">
        <Text fw={600} data-testid="duplicates-count" data-count={found.count}>
          {t("explore.duplicates.found", { count: found.count, compared: found.compared })}
        </Text>
        {mayManage(campaign.role) && (
          <Button size="xs" variant="default" onClick={() => exclude(found.groups.flatMap(othersOf))} data-testid="duplicates-exclude-page">
            {t("explore.duplicates.excludeAll")}
          </Button>
        )}
      </Group>
      {found.leaks > 0 && (
        <Alert color="wheat" icon={<IconAlertTriangle size={20} />} data-testid="duplicates-leaks">
          {t("explore.duplicates.leaks", { count: found.leaks })}
        </Alert>
      )}
      {found.groups.map((group) => (
        <GroupCard
          key={keyOf(group)}
          campaign={campaign}
          group={group}
          kept={keptOf(group)}
          onKeep={(id) => setKeeps((now) => new Map(now).set(keyOf(group), id))}
          onExclude={() => exclude(othersOf(group))}
        />
      ))}
      {pages > 1 && <Pagination total={pages} value={page + 1} onChange={(next) => onPage(next - 1)} aria-label={t("explore.duplicates.page")} />}
    </Stack>
  );
}

function keyOf(group: DuplicateGroup): number {
  return group.images[0]?.id ?? 0;
}

interface CardProps {
  campaign: Campaign;
  group: DuplicateGroup;
  kept: number;
  onKeep: (id: number) => void;
  onExclude: () => void;
}

function GroupCard({ campaign, group, kept, onKeep, onExclude }: CardProps) {
  const { t } = useTranslation();
  const show = useShow(campaign.id);
  const { images, similarity, leak } = group;
  return (
    <Card data-testid="duplicates-group" data-leak={leak || undefined}>
      <Group justify="space-between" mb="sm">
        <Group gap="xs">
          <Text size="sm" fw={600} className="winnow-numbers">
            {t("explore.duplicates.group", { count: images.length, percent: Math.floor(similarity * PERCENT) })}
          </Text>
          {leak && (
            <Badge color="wheat" leftSection={<IconAlertTriangle size={12} />}>
              {t("explore.duplicates.leak")}
            </Badge>
          )}
        </Group>
        <Group gap="xs">
          <Button size="xs" variant="subtle" onClick={() => show(t("explore.duplicates.shown"), images.map(({ id }) => id))}>
            {t("explore.duplicates.show")}
          </Button>
          {mayManage(campaign.role) && (
            <Button size="xs" onClick={onExclude} data-testid="duplicates-keep-one">
              {t("explore.duplicates.keepOne", { count: images.length - 1 })}
            </Button>
          )}
        </Group>
      </Group>
      <ul className={classes["twins"]}>
        {images.map((image) => (
          <li key={image.id}>
            <button type="button" className={classes["twin"]} aria-pressed={image.id === kept} aria-label={t("explore.duplicates.keep", { name: image.name })} onClick={() => onKeep(image.id)} data-testid="twin" data-id={image.id}>
              <img src={thumbnailUrl(image.id, 256)} alt="" loading="lazy" />
              <span className={classes["caption"]}>
                <span className={classes["name"]}>{image.name}</span>
                <span>
                  {image.id === kept && <b>{t("explore.duplicates.kept")} · </b>}
                  {image.split === "" ? "" : `${t(`images.split.${image.split as Exclude<Split, "">}`)} · `}
                  {t(`images.state.${image.state as "unlabeled"}`)}
                </span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Exclude images, with the way back. */
function useExclude(campaign: Campaign): (ids: readonly number[]) => void {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { update } = useImageChanges(campaign.id);
  const anew = () => client.invalidateQueries({ queryKey: campaignKey(campaign.id) });
  return (ids) => {
    if (ids.length === 0) return;
    const images = listedImages(ids);
    update.mutate(
      { images, change: { excluded: true } },
      {
        onSuccess: () => {
          void anew();
          notifyUndoable(t("explore.duplicates.excluded", { count: ids.length }), t("explore.duplicates.undo"), () => update.mutate({ images, change: { excluded: false } }, { onSuccess: () => void anew() }));
        },
      },
    );
  };
}
