import { boundsOf } from "@/core/geometry";
import type { Annotation, Point } from "@/core/types";
import { kindOf } from "@/shapes/kinds";
import classes from "./Labeling.module.css";

const SIDE_PX = 64;
const MARGIN = 0.12;

function linesOf(annotation: Annotation | null): readonly (readonly Point[])[] {
  return annotation ? kindOf(annotation.shape).outline(annotation.shape).lines : [];
}

/** Two versions of one object over each other: mine in full lines, theirs dashed. */
export function ComparisonPicture({ mine, theirs }: { mine: Annotation | null; theirs: Annotation | null }) {
  const [ours, others] = [linesOf(mine), linesOf(theirs)];
  const bounds = boundsOf([...ours, ...others].flat());
  if (!bounds) return <span className={classes["comparisonPicture"]} />;
  const side = Math.max(bounds[2] - bounds[0], bounds[3] - bounds[1], 1);
  const margin = side * MARGIN;
  const draw = (lines: readonly (readonly Point[])[]): string => lines.map((line) => `M${line.map(([x, y]) => `${x},${y}`).join("L")}`).join("");
  return (
    <svg className={classes["comparisonPicture"]} width={SIDE_PX} height={SIDE_PX} viewBox={`${bounds[0] - margin} ${bounds[1] - margin} ${side + 2 * margin} ${side + 2 * margin}`} aria-hidden="true">
      <path d={draw(ours)} data-side="mine" />
      <path d={draw(others)} data-side="theirs" />
    </svg>
  );
}
