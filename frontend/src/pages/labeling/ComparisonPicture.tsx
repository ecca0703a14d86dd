import { boundsOf, svgPath } from "@/core/geometry";
import type { Annotation } from "@/core/types";
import classes from "./Labeling.module.css";
import { linesOf } from "./VersionPicture";

const SIDE_PX = 64;
const MARGIN = 0.12;

/** Two versions of one object over each other: mine in full lines, theirs dashed. */
export function ComparisonPicture({ mine, theirs }: { mine: Annotation | null; theirs: Annotation | null }) {
  const [ours, others] = [linesOf(mine), linesOf(theirs)];
  const bounds = boundsOf([...ours, ...others].flat());
  if (!bounds) return <span className={classes["comparisonPicture"]} />;
  const side = Math.max(bounds[2] - bounds[0], bounds[3] - bounds[1], 1);
  const margin = side * MARGIN;
  return (
    <svg className={classes["comparisonPicture"]} width={SIDE_PX} height={SIDE_PX} viewBox={`${bounds[0] - margin} ${bounds[1] - margin} ${side + 2 * margin} ${side + 2 * margin}`} aria-hidden="true">
      <path d={svgPath(ours)} data-side="mine" />
      <path d={svgPath(others)} data-side="theirs" />
    </svg>
  );
}
