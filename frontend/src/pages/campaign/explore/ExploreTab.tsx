import { SegmentedControl, Stack } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Campaign } from "@/api/types";
import { mayLabel } from "../roles";
import { Backbone } from "./Backbone";
import { Duplicates } from "./Duplicates";
import classes from "./Explore.module.css";
import { MapView } from "./MapView";
import { ReviewLabels } from "./ReviewLabels";
import { Suggestions } from "./Suggestions";
import { PHONE, VIEW_NAMES, type ViewName, type ViewSearch } from "./viewSearch";

const VIEWS = { map: MapView, duplicates: Duplicates, suggestions: Suggestions, doubts: ReviewLabels, backbone: Backbone } as const;

/** The campaign seen through how its images look. */
export function ExploreTab({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { view } = useSearch({ strict: false }) as ViewSearch;
  const names = VIEW_NAMES.filter((name) => name !== "suggestions" || mayLabel(campaign.role));
  const name = names.find((one) => one === view) ?? "map";
  const View = VIEWS[name];
  const phone = useMediaQuery(PHONE) ?? false;
  const go = (next: ViewName): void => void navigate({ to: "/campaigns/$campaignId/$tab", params: { campaignId: campaign.id, tab: "explore" }, search: { view: next }, replace: true, resetScroll: false });
  return (
    <Stack>
      <SegmentedControl className={classes["views"] ?? ""} orientation={phone ? "vertical" : "horizontal"} aria-label={t("explore.views")} value={name} onChange={(next) => go(next as ViewName)} data={names.map((one) => ({ value: one, label: t(`explore.view.${one}`) }))} data-testid="explore-views" />
      <View campaign={campaign} />
    </Stack>
  );
}
