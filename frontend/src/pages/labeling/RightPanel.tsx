import { Progress } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { campaignKey } from "@/api/campaigns";
import { askable, waiting } from "@/parts/counts";
import { AreaPanel } from "./AreaPanel";
import { AttributePanel } from "./AttributePanel";
import { BandPanel } from "./BandPanel";
import { DoubtPanel } from "./DoubtPanel";
import { DraftPanel } from "./DraftPanel";
import { useDesk, useLabeling } from "./LabelingContext";
import classes from "./Labeling.module.css";
import { ObjectList } from "./ObjectList";
import { ViewPanel } from "./ViewPanel";
import { WhyPanel } from "./WhyPanel";
import type { ImageFacts } from "./wire";

/** What is in the image, what models say of it, and how far the campaign has come. */
export function RightPanel() {
  const { campaign } = useLabeling();
  const current = useDesk((state) => state.current);
  return (
    <aside className={classes["right"]} aria-label="Objects, drafts and image">
      {current && <DraftPanel workspace={current} />}
      {current && campaign.task !== "classification" && <ObjectList workspace={current} />}
      {current && campaign.task !== "classification" && <AttributePanel workspace={current} />}
      <div className={classes["foot"]}>
        {current && <ViewPanel workspace={current} />}
        {current?.image.tiled && <BandPanel image={current.image} />}
        {current && campaign.task !== "classification" && <DoubtPanel workspace={current} />}
        {current && campaign.task !== "classification" && <AreaPanel workspace={current} />}
        {current && <WhyPanel workspace={current} />}
        {current && <ImageFactsLine image={current.image} />}
        <ProgressLine />
      </div>
    </aside>
  );
}

function ImageFactsLine({ image }: { image: ImageFacts }) {
  const facts = [`${image.width} × ${image.height}`, image.bands === 1 ? "1 band" : `${image.bands} bands`, image.dtype, image.crs ?? ""];
  return (
    <p className={classes["facts"]}>
      <span>{image.format}</span> {facts.filter((fact) => fact !== "").join(" · ")}
    </p>
  );
}

/** Progress of the campaign, and the person's own pace on this visit. */
function ProgressLine() {
  const { campaign } = useLabeling();
  const client = useQueryClient();
  const submitted = useDesk((state) => state.submitted);
  const started_ms = useDesk((state) => state.started_ms);
  const images = askable(campaign.counts);
  useEffect(() => {
    if (submitted > 0) void client.invalidateQueries({ queryKey: campaignKey(campaign.id), exact: true });
  }, [submitted, client, campaign.id]);
  const labeled = images - waiting(campaign.counts);
  const pace_s = submitted > 0 ? (Date.now() - started_ms) / 1000 / submitted : null;
  return (
    <section aria-label="Progress">
      <Progress value={images > 0 ? (100 * labeled) / images : 0} size="sm" aria-label="Labeled images" />
      <p className={classes["facts"]}>
        {labeled} of {images} labeled
        {pace_s !== null && ` · ${submitted} by you now, ${pace_s < 100 ? `${Math.round(pace_s)} s` : `${Math.round(pace_s / 60)} min`} each`}
      </p>
    </section>
  );
}
