import { useTranslation } from "react-i18next";
import { type JudgedObject, type Subject, type Thresholds, useJudgedImage } from "@/api/statistics";
import type { Campaign } from "@/api/types";
import classes from "./ImagesViewer.module.css";
import { outlineOf } from "./outline";

const OUTCOMES = ["hit", "false", "missed"] as const;

function named(campaign: Campaign, object: JudgedObject): string {
  const name = campaign.labels.find((label) => label.id === object.label_id)?.name ?? String(object.label_id);
  return object.confidence === null ? name : `${name} ${object.confidence.toFixed(2)}`;
}

/** The objects of an image over its thumbnail: solid where rightly found, dashed where there is none, dotted where missed. Of painted images, the areas that are wrong. */
export function JudgedObjects({ campaign, subject, thresholds, image, outlinesOnly = false }: { campaign: Campaign; subject: Subject; thresholds: Thresholds; image: number; outlinesOnly?: boolean }) {
  const { t } = useTranslation();
  const { data } = useJudgedImage(subject, thresholds, image);
  if (data === undefined || data.objects.length === 0) return null;
  const counts = OUTCOMES.map((outcome) => data.objects.filter((object) => object.outcome === outcome).length);
  const [right = 0, wrong = 0, missed = 0] = counts;
  return (
    <>
      <svg viewBox={`0 0 ${data.width} ${data.height}`} preserveAspectRatio="xMidYMid meet" className={classes["objects"]} aria-hidden="true">
        {data.objects.map((object, at) => (
          <path key={at} d={outlineOf(object.shape)} data-outcome={object.outcome}>
            <title>{named(campaign, object)}</title>
          </path>
        ))}
      </svg>
      {!outlinesOnly && <span className={classes["story"]}>{t("statistics.story", { right, wrong, missed })}</span>}
    </>
  );
}
