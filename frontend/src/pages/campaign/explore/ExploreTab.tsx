import { SegmentedControl, Stack } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Campaign } from "@/api/types";
import { mayLabel } from "../roles";
import { Backbone } from "./Backbone";
import { Duplicates } from "./Duplicates";
import { MapView } from "./MapView";
import { ReviewLabels } from "./ReviewLabels";
import { Suggestions } from "./Suggestions";

const VIEWS = [
  { name: "map", View: MapView, needs: () => true },
  { name: "duplicates", View: Duplicates, needs: () => true },
  { name: "suggestions", View: Suggestions, needs: ({ role }: Campaign) => mayLabel(role) },
  { name: "doubts", View: ReviewLabels, needs: () => true },
  { name: "backbone", View: Backbone, needs: () => true },
] as const;
type Name = (typeof VIEWS)[number]["name"];

/** The campaign seen through how its images look. */
export function ExploreTab({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const views = VIEWS.filter(({ needs }) => needs(campaign));
  const [name, setName] = useState<Name>(views[0]?.name ?? "map");
  const phone = useMediaQuery("(max-width: 36em)") ?? false; // side by side they are wider than a phone
  const View = (views.find((one) => one.name === name) ?? VIEWS[0]).View;
  return (
    <Stack>
      <SegmentedControl style={{ alignSelf: "start" }} orientation={phone ? "vertical" : "horizontal"} aria-label={t("explore.views")} value={name} onChange={(next) => setName(next as Name)} data={views.map((one) => ({ value: one.name, label: t(`explore.view.${one.name}`) }))} data-testid="explore-views" />
      <View campaign={campaign} />
    </Stack>
  );
}
