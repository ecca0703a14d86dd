import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { MeasuredImage, Thresholds } from "@/api/statistics";
import type { Campaign } from "@/api/types";
import classes from "./ImagesViewer.module.css";

const MOST_BARS = 3;

/** How sure the model is of each label: a tick where it is true, a dashed line at its threshold. */
export function Outcome({ campaign, image, thresholds }: { campaign: Campaign; image: MeasuredImage; thresholds: Thresholds }) {
  const { t } = useTranslation();
  const sure = new Map(image.confidences.map((one) => [one.label_id, one.confidence]));
  const ids = [...new Set([...image.confidences.slice(0, MOST_BARS).map((one) => one.label_id), ...image.true])];
  return (
    <ul className={classes["bars"]} aria-label={image.name}>
      {ids.map((id) => {
        const confidence = sure.get(id);
        const isTrue = image.true.includes(id);
        const threshold = thresholds[String(id)] ?? 0;
        const name = campaign.labels.find((label) => label.id === id)?.name ?? String(id);
        return (
          <li key={id} className={classes["bar"]} data-true={isTrue || undefined}>
            <span className={classes["fill"]} style={{ width: `${100 * (confidence ?? 0)}%` }} />
            {threshold > 0 && <span className={classes["line"]} style={{ left: `${100 * threshold}%` }} />}
            <span>
              {isTrue && <IconCheck size={12} role="img" aria-label={t("statistics.isTrue")} />} {name}
            </span>
            <span>{confidence === undefined ? "–" : confidence.toFixed(2)}</span>
          </li>
        );
      })}
    </ul>
  );
}
