/** What the modes of points draw while they work: the growing skeleton, the place expected next, names. */
import type { PaintFrame } from "../../core/bench";
import { SIDE_COLORS, sideOf, sideOfEdge, type Side, type Skeleton } from "../../core/skeleton";
import type { Bounds, Point } from "../../core/types";
import { isThere } from "./actions";
import type { NamedPoint } from "./shape";

const RIM = "rgba(16, 24, 22, 0.85)";
const MIDDLE = "#ffffff";

export function colorOf(side: Side): string {
  return side === "middle" ? MIDDLE : SIDE_COLORS[side];
}

interface Extra {
  /** Where the next point is expected. */
  readonly next?: Point | null;
  /** The box that holds the template. */
  readonly box?: Bounds;
}

export function paintSkeleton(frame: PaintFrame, points: readonly NamedPoint[], skeleton: Skeleton, { next, box }: Extra): void {
  const { context, place, pixelRatio } = frame;
  const there = new Map(points.filter(isThere).map((point) => [point.name, point]));
  for (const edge of skeleton.edges) {
    const [a, b] = [there.get(edge[0]), there.get(edge[1])];
    if (!a || !b) continue;
    for (const [color, width] of [[RIM, 4.5], [colorOf(sideOfEdge(skeleton, edge)), 2]] as const) {
      context.beginPath();
      context.moveTo(...place([a.x, a.y]));
      context.lineTo(...place([b.x, b.y]));
      context.strokeStyle = color;
      context.lineWidth = width * pixelRatio;
      context.stroke();
    }
  }
  for (const point of there.values()) paintPoint(frame, point, sideOf(skeleton, point.name));
  if (next) paintRing(frame, next);
  if (box) paintBox(frame, box);
}

/** A square is left, a triangle right, a circle in the middle; hollow is hidden. */
function paintPoint({ context, place, pixelRatio }: PaintFrame, point: NamedPoint, side: Side): void {
  const [x, y] = place([point.x, point.y]);
  const r = 5 * pixelRatio;
  context.beginPath();
  if (side === "left") context.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7);
  else if (side === "right") {
    context.moveTo(x, y - r * 1.15);
    context.lineTo(x + r * 1.05, y + r * 0.8);
    context.lineTo(x - r * 1.05, y + r * 0.8);
    context.closePath();
  } else context.arc(x, y, r, 0, 2 * Math.PI);
  context.fillStyle = point.v === 1 ? RIM : colorOf(side);
  context.strokeStyle = point.v === 1 ? colorOf(side) : RIM;
  context.lineWidth = 2 * pixelRatio;
  context.fill();
  context.stroke();
}

function paintRing({ context, place, pixelRatio }: PaintFrame, at: Point): void {
  context.beginPath();
  context.arc(...place(at), 8 * pixelRatio, 0, 2 * Math.PI);
  context.setLineDash([4 * pixelRatio, 3 * pixelRatio]);
  context.strokeStyle = MIDDLE;
  context.lineWidth = 2 * pixelRatio;
  context.stroke();
  context.setLineDash([]);
}

function paintBox({ context, place, pixelRatio }: PaintFrame, [minX, minY, maxX, maxY]: Bounds): void {
  const [[x0, y0], [x1, y1]] = [place([minX, minY]), place([maxX, maxY])];
  context.setLineDash([5 * pixelRatio, 4 * pixelRatio]);
  context.strokeStyle = MIDDLE;
  context.lineWidth = 1.5 * pixelRatio;
  context.strokeRect(Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0));
  context.setLineDash([]);
}

/** Names on dark plates, to the right of their points. */
export function paintNames({ context, place, pixelRatio }: PaintFrame, names: readonly { readonly name: string; readonly at: Point }[]): void {
  context.font = `600 ${12 * pixelRatio}px 'Inter Variable', system-ui, sans-serif`;
  context.textBaseline = "middle";
  for (const { name, at } of names) {
    const [x, y] = place(at);
    const left = x + 12 * pixelRatio;
    const width = context.measureText(name).width + 8 * pixelRatio;
    context.fillStyle = RIM;
    context.fillRect(left, y - 9 * pixelRatio, width, 18 * pixelRatio);
    context.fillStyle = MIDDLE;
    context.fillText(name, left + 4 * pixelRatio, y);
  }
}
