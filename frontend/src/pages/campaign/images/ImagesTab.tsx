import { Button, Group, Paper, SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import { IconPhotoPlus, IconPhotoSearch, IconX } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Ordering, useImageIds } from "@/api/gallery";
import { isFinished, useRuns } from "@/api/runs";
import type { Campaign, Run } from "@/api/types";
import { RunCard } from "@/parts/RunCard";
import { EmptyState, ErrorState } from "@/parts/states";
import { mayManage } from "../roles";
import { BRINGS_IMAGES } from "../useRunWatch";
import { filterSearch, fromSearch, toSearch } from "./filters/address";
import { FilterBar } from "./filters/FilterBar";
import { type Filter, isEmpty, NO_FILTER, toQuery } from "./filters/model";
import classes from "./Gallery.module.css";
import { GalleryDesk } from "./GalleryDesk";
import { chooseOrdering, galleryStore, type Listed, useGallery, usualOrdering } from "./store";
import { UploadPanel } from "./UploadPanel";
import { useUpload } from "./uploads";

function LoadingTiles() {
  const { t } = useTranslation();
  return (
    <SimpleGrid cols={{ base: 2, sm: 4, lg: 6 }} role="status" aria-label={t("states.loading")}>
      {Array.from({ length: 12 }, (_, index) => (
        <Skeleton key={index} height={180} radius="lg" />
      ))}
    </SimpleGrid>
  );
}

/** Runs of this campaign that bring images in, while they go. */
function useArrivals(campaign: Campaign): Run[] {
  const runs = useRuns({ campaign: campaign.id });
  return (runs.data ?? []).filter((run) => BRINGS_IMAGES.has(run.kind) && !isFinished(run));
}

/** The filter lives in the address; who comes back from another tab finds the last one again. */
function useFilter(campaign: number) {
  const navigate = useNavigate();
  const found = useSearch({ strict: false }) as Record<string, unknown>;
  const text = JSON.stringify(filterSearch(found));
  const { filter, ordering } = useMemo(() => fromSearch(JSON.parse(text) as ReturnType<typeof filterSearch>), [text]);
  const store = galleryStore(campaign);
  const go = (next: Filter, order: Ordering) =>
    void navigate({ to: "/campaigns/$campaignId/$tab", params: { campaignId: campaign, tab: "images" }, search: toSearch(next, order), replace: true, resetScroll: false });
  useEffect(() => {
    if (text !== "{}") return;
    const last = store.getState();
    if (!isEmpty(last.filter)) go(last.filter, last.ordering);
    else if (usualOrdering() !== "id") go(last.filter, usualOrdering());
    // Only on coming back: later the address leads.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [store]);
  useEffect(() => store.setState({ filter, ordering }), [store, filter, ordering]);
  return { filter, ordering, setFilter: go };
}

const MOST_ASKED_BY_ID = 500;

/** What is found elsewhere is shown in the place of what the filter gives, until somebody lets it go. */
function ListedBar({ listed, onClose }: { listed: Listed; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Paper withBorder p="xs" px="md" radius="md" data-testid="listed" data-count={listed.ids.length}>
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" fw={600}>
          {listed.title}
        </Text>
        <Button size="compact-sm" variant="default" leftSection={<IconX size={14} />} onClick={onClose} data-testid="listed-close">
          {t("similar.showAll")}
        </Button>
      </Group>
    </Paper>
  );
}

export function ImagesTab({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const { filter, ordering, setFilter } = useFilter(campaign.id);
  const [adding, setAdding] = useState(false);
  const [run, setRun] = useState<number | null>(null);
  const listed = useGallery(campaign.id, (state) => state.listed);
  const unlisted = (): void => galleryStore(campaign.id).setState({ listed: null });
  const query = useMemo(() => (listed !== null && listed.ids.length <= MOST_ASKED_BY_ID ? { ids: listed.ids.join(",") } : listed === null ? toQuery(filter) : {}), [filter, listed]);
  const list = useImageIds(campaign.id, useMemo(() => toQuery(filter), [filter]), ordering);
  const upload = useUpload(campaign.id);
  const manager = mayManage(campaign.role);
  const empty = campaign.counts.images === 0;
  const arrivals = useArrivals(campaign);
  const showUpload = manager && (adding || (empty && arrivals.length === 0) || upload.rows.length > 0);
  const ids = listed?.ids ?? list.data;
  return (
    <Stack gap="md">
      {arrivals.map((one) => (
        <RunCard key={one.id} id={one.id} />
      ))}
      {run !== null && <RunCard id={run} />}
      {showUpload && <UploadPanel campaign={campaign} onClose={empty ? undefined : () => setAdding(false)} />}
      {listed !== null && <ListedBar listed={listed} onClose={unlisted} />}
      {!empty && listed === null && (
        <div className={classes["filters"]}>
          <FilterBar campaign={campaign} filter={filter} ordering={ordering} onChange={setFilter} onOrdering={chooseOrdering} />
        </div>
      )}
      {ids === undefined ? (
        list.error !== null ? (
          <ErrorState error={list.error} onRetry={() => void list.refetch()} />
        ) : (
          !empty && <LoadingTiles />
        )
      ) : ids.length > 0 || listed !== null || (!empty && !isEmpty(filter)) ? (
        <GalleryDesk
          campaign={campaign}
          ids={ids}
          idsOf={list.isPlaceholderData || listed !== null ? null : filter}
          loadedAt={list.dataUpdatedAt}
          query={query}
          filter={filter}
          onFilter={(next) => {
            unlisted();
            setFilter(next, ordering);
          }}
          onAdd={manager && !showUpload ? () => setAdding(true) : undefined}
          onRefresh={() => void list.refetch()}
          onRun={(started) => setRun(started.id)}
          nothing={
            <EmptyState
              icon={<IconPhotoSearch size={26} />}
              title={t("images.noMatch")}
              actions={
                <Button
                  variant="default"
                  onClick={() => {
                    unlisted();
                    setFilter(NO_FILTER, ordering);
                  }}
                >
                  {t("images.clearFilters")}
                </Button>
              }
            >
              {t("images.noMatchText")}
            </EmptyState>
          }
        />
      ) : (
        !manager && (
          <EmptyState icon={<IconPhotoPlus size={26} />} title={t("images.emptyTitle")}>
            {t("images.emptyText")}
          </EmptyState>
        )
      )}
    </Stack>
  );
}
