import { boundsOf } from "@/core/geometry";
import type { Annotation } from "@/core/types";
import { drawnOf, drawnPath } from "@/shapes/drawn";
import classes from "./Labeling.module.css";

const SIDE_PX = 64;
const MARGIN = 0.12;
const DOT = 0.03;

/** Two versions of one object over each other: mine in full lines, theirs dashed. */
export function ComparisonPicture({ mine, theirs }: { mine: Annotation | null; theirs: Annotation | null }) {
  const shapes = [mine, theirs].flatMap((one) => (one ? [drawnOf(one.shape)] : []));
  const bounds = boundsOf(shapes.flatMap(({ lines, dots }) => [...lines.flat(), ...dots]));
  if (!bounds) return <span className={classes["comparisonPicture"]} />;
  const side = Math.max(bounds[2] - bounds[0], bounds[3] - bounds[1], 1);
  const margin = side * MARGIN;
  const path = (one: Annotation | null) => (one ? drawnPath(one.shape, side * DOT) : "");
  return (
    <svg className={classes["comparisonPicture"]} width={SIDE_PX} height={SIDE_PX} viewBox={`${bounds[0] - margin} ${bounds[1] - margin} ${side + 2 * margin} ${side + 2 * margin}`} aria-hidden="true">
      <path d={path(mine)} data-side="mine" />
      <path d={path(theirs)} data-side="theirs" />
    </svg>
  );
}
