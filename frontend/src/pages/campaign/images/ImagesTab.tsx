import { Button, Group, SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import { IconPhotoPlus, IconPhotoSearch, IconPlus } from "@tabler/icons-react";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { type ImageFilter, useImages } from "@/api/images";
import { isFinished, useRuns } from "@/api/runs";
import type { Campaign, Run } from "@/api/types";
import { RunCard } from "@/parts/RunCard";
import { EmptyState, ErrorState } from "@/parts/states";
import { mayManage } from "../roles";
import { Filters, isFiltered } from "./Filters";
import { Gallery } from "./Gallery";
import { NO_SELECTION, type Selection, toggled } from "./selection";
import { SelectionBar } from "./SelectionBar";
import { BRINGS_IMAGES } from "../useRunWatch";
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

export function ImagesTab({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const [filter, setFilterOnly] = useState<ImageFilter>({});
  const [adding, setAdding] = useState(false);
  const [selection, setSelection] = useState<Selection>(NO_SELECTION);
  const [run, setRun] = useState<number | null>(null);
  // What is ticked and filtered away would be acted on unseen.
  const setFilter = (next: ImageFilter) => {
    setFilterOnly(next);
    setSelection(NO_SELECTION);
  };
  const list = useImages(campaign.id, filter);
  const upload = useUpload(campaign.id);
  const { items, fetchNextPage, hasNextPage, isFetchingNextPage } = list;
  const order = useMemo(() => items.map((image) => image.id), [items]);
  const select = useCallback((id: number, range: boolean) => setSelection((now) => toggled(now, order, id, range)), [order]);
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, isFetchingNextPage]);
  const manager = mayManage(campaign.role);
  const empty = campaign.counts.images === 0;
  const arrivals = useArrivals(campaign);
  const showUpload = manager && (adding || (empty && arrivals.length === 0) || upload.rows.length > 0);
  return (
    <Stack gap="md">
      {arrivals.map((one) => (
        <RunCard key={one.id} id={one.id} />
      ))}
      {run !== null && <RunCard id={run} />}
      {showUpload && <UploadPanel campaign={campaign} onClose={empty ? undefined : () => setAdding(false)} />}
      {!empty && (
        <Group justify="space-between" align="flex-start">
          <Filters filter={filter} labels={campaign.labels} onChange={setFilter} />
          {manager && !showUpload && (
            <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => setAdding(true)} data-testid="add-images">
              {t("images.add")}
            </Button>
          )}
        </Group>
      )}
      {list.isPending && !empty ? (
        <LoadingTiles />
      ) : list.error !== null && items.length === 0 ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : items.length > 0 ? (
        <>
          <Gallery images={items} labels={campaign.labels} selected={selection.ids} onSelect={select} hasMore={hasNextPage} onMore={more} />
          {isFetchingNextPage && (
            <Text size="sm" c="dimmed" ta="center">
              {t("states.loading")}
            </Text>
          )}
          {selection.ids.size > 0 && <SelectionBar campaign={campaign} ids={[...selection.ids]} onClear={() => setSelection(NO_SELECTION)} onRun={(started) => setRun(started.id)} />}
        </>
      ) : isFiltered(filter) ? (
        <EmptyState
          icon={<IconPhotoSearch size={26} />}
          title={t("images.noMatch")}
          actions={
            <Button variant="default" onClick={() => setFilter({})}>
              {t("images.clearFilters")}
            </Button>
          }
        >
          {t("images.noMatchText")}
        </EmptyState>
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
