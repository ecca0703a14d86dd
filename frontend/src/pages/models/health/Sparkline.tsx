import { sparkPoints } from "./health";
import classes from "./health.module.css";

interface Props {
  values: readonly (number | null)[];
  label: string;
  width?: number;
  height?: number;
}

/** A small line over time, from zero; its label says in words what it shows. */
export function Sparkline({ values, label, width = 84, height = 22 }: Props) {
  const points = sparkPoints(values, width, height);
  const last = points.at(-1);
  if (last === undefined) return null;
  return (
    <svg role="img" aria-label={label} width={width} height={height} className={classes["spark"]} data-testid="sparkline">
      {points.length > 1 && <polyline points={points.map((point) => point.join(",")).join(" ")} />}
      <circle cx={last[0]} cy={last[1]} r={2} />
    </svg>
  );
}
