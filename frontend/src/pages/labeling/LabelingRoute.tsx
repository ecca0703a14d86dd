import { Center, Loader } from "@mantine/core";
import { useParams, useSearch } from "@tanstack/react-router";
import { useCampaign } from "@/api/campaigns";
import { ErrorState } from "@/parts/states";
import { LabelingPage } from "./LabelingPage";

/** The labeling page of a campaign: the queue, or one image that the address names. */
export function LabelingRoute() {
  const { campaignId } = useParams({ from: "/members/campaigns/$campaignId/label" });
  const { image } = useSearch({ from: "/members/campaigns/$campaignId/label" });
  const campaign = useCampaign(campaignId);
  if (campaign.data) return <LabelingPage key={`${campaignId}:${image ?? ""}`} campaign={campaign.data} image={image ?? null} />;
  return (
    <Center h="100vh" p="xl" component="main">
      {campaign.error ? <ErrorState error={campaign.error} onRetry={() => void campaign.refetch()} /> : <Loader aria-label="Loading" />}
    </Center>
  );
}
