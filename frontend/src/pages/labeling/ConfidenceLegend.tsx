import { CONFIDENCE_GRADIENT, NO_CONFIDENCE } from "@/core/confidence-scale";
import { usePreference } from "./LabelingContext";
import classes from "./Labeling.module.css";

/** What the colours mean while they tell confidence. */
export function ConfidenceLegend() {
  const shown = usePreference((state) => state.view.colorBy === "confidence");
  if (!shown) return null;
  return (
    <figure className={classes["legend"]} data-testid="confidence-legend" aria-label="Colours tell confidence: yellow unsure, blue sure, gray without one.">
      <figcaption>Confidence</figcaption>
      <div style={{ background: CONFIDENCE_GRADIENT }} />
      <span>0 %</span>
      <span>50</span>
      <span>100 %</span>
      <small>
        <i style={{ background: NO_CONFIDENCE }} /> none: drawn by hand
      </small>
    </figure>
  );
}
