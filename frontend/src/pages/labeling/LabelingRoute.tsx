import { Center, Loader } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useCampaign } from "@/api/campaigns";
import { fetchIds } from "@/api/gallery";
import { usePreferences } from "@/api/preferences";
import type { Campaign } from "@/api/types";
import { filterSearch, type FilterSearch, fromSearch } from "@/pages/campaign/images/filters/address";
import { toQuery } from "@/pages/campaign/images/filters/model";
import { ErrorState } from "@/parts/states";
import { LabelingPage } from "./LabelingPage";
import { readScope, Walk, type ScopeKind } from "./scope";

export interface LabelingSearch extends FilterSearch {
  image?: number;
  scope?: ScopeKind;
}

/**
 * The walk that the address names; null is the queue, undefined while a shared filter's images are looked up. The queue
 * gives nothing to who may not label: they go through the campaign.
 */
function useWalk(campaign: Campaign | undefined, { scope, f, q, order }: LabelingSearch): Walk | null | undefined {
  const id = campaign?.id ?? 0;
  const kept = useMemo(() => (scope === undefined ? null : readScope(id, scope)), [id, scope]);
  const { filter, ordering } = fromSearch(filterSearch({ f, q, order }));
  const mayLabel = campaign?.role !== "viewer";
  const shared = campaign !== undefined && kept === null && (scope === "filter" || !mayLabel);
  const found = useQuery({
    queryKey: ["scope", id, f, q, order],
    queryFn: ({ signal }) => fetchIds(id, toQuery(filter), ordering, signal),
    enabled: shared,
    staleTime: Infinity,
  });
  const ids = kept?.ids ?? found.data;
  return useMemo(() => {
    if (ids === undefined || ids.length === 0) return shared && found.isPending ? undefined : null;
    return new Walk(id, { kind: scope ?? "campaign", ids }, mayLabel);
  }, [id, scope, ids, mayLabel, shared, found.isPending]);
}

/** The labeling page of a campaign: a selection, a filter, the queue, or one image that the address names. */
export function LabelingRoute() {
  const { campaignId } = useParams({ from: "/members/campaigns/$campaignId/label" });
  const search = useSearch({ from: "/members/campaigns/$campaignId/label" });
  const campaign = useCampaign(campaignId);
  const walk = useWalk(campaign.data, search);
  // The person's own keys first: a key pressed before they came would do something else.
  const keysAreKnown = usePreferences() !== null;
  const { image, scope } = search;
  if (campaign.data && walk !== undefined && keysAreKnown) return <LabelingPage key={`${campaignId}:${image ?? ""}:${scope ?? ""}`} campaign={campaign.data} image={image ?? null} walk={walk} />;
  return (
    <Center h="100vh" p="xl" component="main">
      {campaign.error ? <ErrorState error={campaign.error} onRetry={() => void campaign.refetch()} /> : <Loader aria-label="Loading" />}
    </Center>
  );
}
