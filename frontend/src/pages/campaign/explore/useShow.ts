import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { showInGallery } from "../images/store";

/** Go to the gallery, where these images are shown and chosen. */
export function useShow(campaign: number): (title: string, ids: readonly number[]) => void {
  const navigate = useNavigate();
  return useCallback(
    (title, ids) => {
      showInGallery(campaign, title, ids);
      void navigate({ to: "/campaigns/$campaignId/$tab", params: { campaignId: campaign, tab: "images" }, search: {} });
    },
    [campaign, navigate],
  );
}
