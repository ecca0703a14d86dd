import { useTranslation } from "react-i18next";
import { type JudgedObject, type Subject, type Thresholds, useJudgedImage } from "@/api/statistics";
import type { Campaign } from "@/api/types";
import classes from "./ImagesViewer.module.css";
import { outlineOf } from "./outline";

const OUTCOMES = ["hit", "false", "missed"] as const;

/** A label's name, and how sure the model is where it found the object. */
export function nameOfObject(campaign: Campaign, object: JudgedObject): string {
  const name = campaign.labels.find((label) => label.id === object.label_id)?.name ?? String(object.label_id);
  return object.confidence === null ? name : `${name} ${object.confidence.toFixed(2)}`;
}

interface Props {
  campaign: Campaign;
  subject: Subject;
  thresholds: Thresholds;
  image: number;
}

/** The objects of an image over its picture: solid where rightly found, dashed where there is none, dotted where missed. Of painted images, the areas that are wrong. */
export function JudgedObjects({ campaign, subject, thresholds, image }: Props) {
  const { data } = useJudgedImage(subject, thresholds, image);
  if (data === undefined || data.objects.length === 0) return null;
  return (
    <svg viewBox={`0 0 ${data.width} ${data.height}`} preserveAspectRatio="xMidYMid meet" className={classes["objects"]} aria-hidden="true">
      {data.objects.map((object, at) => (
        <path key={at} d={outlineOf(object.shape)} data-outcome={object.outcome}>
          <title>{nameOfObject(campaign, object)}</title>
        </path>
      ))}
    </svg>
  );
}

/** How many objects of an image are right, false and missed. */
export function Story({ subject, thresholds, image }: Omit<Props, "campaign">) {
  const { t } = useTranslation();
  const { data } = useJudgedImage(subject, thresholds, image);
  const [right = 0, wrong = 0, missed = 0] = OUTCOMES.map((outcome) => data?.objects.filter((object) => object.outcome === outcome).length);
  return <p className={classes["story"]}>{data === undefined ? "\u00a0" : t("statistics.story", { right, wrong, missed })}</p>;
}
