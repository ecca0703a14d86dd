import { Button, Group, Select } from "@mantine/core";
import { IconActivity } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCampaigns } from "@/api/campaigns";
import { useRunList } from "@/api/runs";
import type { RunState } from "@/api/types";
import { PageHeader } from "@/parts/PageHeader";
import { RunTable } from "@/parts/RunTable";
import { EmptyState, ErrorState, LoadingRows } from "@/parts/states";

const STATES = ["queued", "running", "succeeded", "failed", "cancelled", "timed_out", "lost"] as const;
const KINDS = ["inference", "training", "round", "comparison", "export", "import", "sample"] as const;

export function RunListPage() {
  const { t } = useTranslation();
  const [state, setState] = useState<RunState | "">("");
  const [kind, setKind] = useState("");
  const list = useRunList({ state, kind });
  const campaigns = useCampaigns();
  const names = useMemo(() => new Map(campaigns.items.map((campaign) => [campaign.id, campaign.name])), [campaigns.items]);
  return (
    <>
      <PageHeader title={t("runs.title")} subtitle={t("runs.subtitle")} />
      <Group mb="md">
        <Select aria-label={t("runs.kindLabel")} w={180} value={kind} onChange={(value) => setKind(value ?? "")} data={[{ value: "", label: t("runs.anyKind") }, ...KINDS.map((value) => ({ value, label: t(`runs.kind.${value}`) }))]} />
        <Select aria-label={t("runs.stateColumn")} w={180} value={state} onChange={(value) => setState((value ?? "") as RunState | "")} data={[{ value: "", label: t("runs.anyState") }, ...STATES.map((value) => ({ value, label: t(`runs.state.${value}`) }))]} />
      </Group>
      {list.isPending ? (
        <LoadingRows />
      ) : list.error !== null && list.items.length === 0 ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : list.items.length === 0 ? (
        <EmptyState
          icon={<IconActivity size={26} />}
          title={t(state === "" && kind === "" ? "runs.emptyTitle" : "runs.noMatch")}
          actions={
            <Button component={Link} to="/campaigns" variant="default">
              {t("states.toCampaigns")}
            </Button>
          }
        >
          {t("runs.emptyText")}
        </EmptyState>
      ) : (
        <RunTable runs={list.items} campaigns={names} />
      )}
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
