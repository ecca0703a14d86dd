import { SIDE_COLORS, sideOf, sideOfEdge, type Side, type Skeleton } from "@/core/skeleton";

interface Props {
  skeleton: Skeleton;
  title: string;
  /** The point to be pointed out. */
  next?: string | null;
  /** Points that have had their turn; the others are drawn faintly. Without it all are drawn alike. */
  done?: ReadonlySet<string>;
  className?: string | undefined;
}

const INK = "var(--mantine-color-text)";

function colorOf(side: Side): string {
  return side === "middle" ? INK : SIDE_COLORS[side];
}

/** A square is left, a triangle right, a circle in the middle: not by colour alone. */
export function SkeletonMark({ side, x, y, r, color, hollow = false }: { side: Side; x: number; y: number; r: number; color: string; hollow?: boolean }) {
  const paint = { fill: hollow ? "var(--mantine-color-body)" : color, stroke: hollow ? color : "var(--mantine-color-body)", strokeWidth: r / 3 };
  if (side === "left") return <rect x={x - r * 0.85} y={y - r * 0.85} width={r * 1.7} height={r * 1.7} {...paint} />;
  if (side === "right") return <polygon points={`${x},${y - r * 1.15} ${x + r * 1.05},${y + r * 0.8} ${x - r * 1.05},${y + r * 0.8}`} {...paint} />;
  return <circle cx={x} cy={y} r={r} {...paint} />;
}

/** A small picture of the template. */
export function SkeletonPicture({ skeleton, title, next, done, className }: Props) {
  const places = new Map(skeleton.points.map(({ name, x, y }) => [name, [x * 100, y * 100] as const]));
  const faint = (name: string): boolean => done !== undefined && !done.has(name) && name !== next;
  return (
    <svg viewBox="-8 -8 116 116" className={className} role="img" aria-label={title}>
      {skeleton.edges.map((edge) => {
        const [a, b] = [places.get(edge[0]), places.get(edge[1])];
        return a && b && <line key={edge.join()} x1={a[0]} y1={a[1]} x2={b[0]} y2={b[1]} stroke={colorOf(sideOfEdge(skeleton, edge))} strokeWidth={1.6} opacity={faint(edge[0]) || faint(edge[1]) ? 0.35 : 0.9} />;
      })}
      {skeleton.points.map(({ name }) => {
        const [x, y] = places.get(name) ?? [0, 0];
        const side = sideOf(skeleton, name);
        return (
          <g key={name} opacity={faint(name) ? 0.4 : 1}>
            {name === next && <circle cx={x} cy={y} r={7} fill="none" stroke="var(--mantine-primary-color-filled)" strokeWidth={2} />}
            <SkeletonMark side={side} x={x} y={y} r={3.4} color={colorOf(side)} />
          </g>
        );
      })}
    </svg>
  );
}
