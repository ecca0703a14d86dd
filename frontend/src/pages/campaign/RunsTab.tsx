import { Button, Group } from "@mantine/core";
import { IconActivity } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useRunList } from "@/api/runs";
import type { Campaign } from "@/api/types";
import { RunTable } from "@/parts/RunTable";
import { EmptyState, ErrorState, LoadingRows } from "@/parts/states";

export function RunsTab({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const list = useRunList({ campaign: campaign.id });
  if (list.isPending) return <LoadingRows />;
  if (list.error !== null && list.items.length === 0) return <ErrorState error={list.error} onRetry={() => void list.refetch()} />;
  if (list.items.length === 0) {
    return (
      <EmptyState icon={<IconActivity size={26} />} title={t("runs.emptyTitle")}>
        {t("runs.emptyText")}
      </EmptyState>
    );
  }
  return (
    <>
      <RunTable runs={list.items} />
      {list.hasNextPage && (
        <Group justify="center" mt="md">
          <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t("states.more")}
          </Button>
        </Group>
      )}
    </>
  );
}
