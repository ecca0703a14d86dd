/** Marks of drawing and editing by vertices, straight onto the canvas: thousands of vertices cost a frame no more than a few. */
import type { PaintFrame } from "../../core/bench";
import type { Bounds, Point } from "../../core/types";
import type { Snap } from "./snap";

const DARK = "#10201c";
const LIGHT = "#ffffff";
const MARKED = "#e8b03a";
const WRONG = "#ff3b30";
/** Handles nearer than this to the last one painted would only cover it. */
const APART_PX = 9;

const stamps = new Map<string, HTMLCanvasElement>();

/** A dot drawn once and stamped from then on: a thousand circles, each filled and stroked, take longer than a frame. */
function stampOf(radius: number, fill: string, pixelRatio: number): HTMLCanvasElement {
  const key = `${radius}|${fill}|${pixelRatio}`;
  const known = stamps.get(key);
  if (known) return known;
  const stamp = document.createElement("canvas");
  stamp.width = stamp.height = Math.ceil((radius + 2) * 2 * pixelRatio);
  const context = stamp.getContext("2d");
  if (context) {
    context.arc(stamp.width / 2, stamp.height / 2, radius * pixelRatio, 0, 2 * Math.PI);
    context.fillStyle = fill;
    context.fill();
    context.lineWidth = 1.5 * pixelRatio;
    context.strokeStyle = DARK;
    context.stroke();
  }
  stamps.set(key, stamp);
  return stamp;
}

function dot({ context, pixelRatio }: PaintFrame, [x, y]: Point, radius: number, fill: string): void {
  const stamp = stampOf(radius, fill, pixelRatio);
  context.drawImage(stamp, x - stamp.width / 2, y - stamp.height / 2);
}

function isSeen({ context, pixelRatio }: PaintFrame, [x, y]: Point): boolean {
  const rim = 10 * pixelRatio;
  return x > -rim && y > -rim && x < context.canvas.width + rim && y < context.canvas.height + rim;
}

/** Vertices in sight, thinned out where they would lie on each other. */
export function paintVertices(frame: PaintFrame, points: readonly Point[], radius = 4.5): void {
  const apart = APART_PX * frame.pixelRatio;
  let last: Point | null = null;
  for (const point of points) {
    const at = frame.place(point);
    if (!isSeen(frame, at) || (last && Math.hypot(at[0] - last[0], at[1] - last[1]) < apart)) continue;
    dot(frame, at, radius, LIGHT);
    last = at;
  }
}

export function paintMarked(frame: PaintFrame, points: readonly Point[]): void {
  for (const point of points) {
    const at = frame.place(point);
    if (isSeen(frame, at)) dot(frame, at, 6, MARKED);
  }
}

export function paintLine(frame: PaintFrame, points: readonly Point[], { color, dash = [], width = 2 }: { color: string; dash?: readonly number[]; width?: number }): void {
  const { context, pixelRatio } = frame;
  context.beginPath();
  points.forEach((point, index) => {
    const [x, y] = frame.place(point);
    if (index === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
  context.setLineDash(dash.map((length) => length * pixelRatio));
  context.lineWidth = width * pixelRatio;
  context.strokeStyle = color;
  context.stroke();
  context.setLineDash([]);
}

/** A line on every ground: light, with a dark rim. */
export function paintGuide(frame: PaintFrame, points: readonly Point[], dash: readonly number[] = []): void {
  paintLine(frame, points, { color: "rgba(0, 0, 0, 0.55)", width: 4, dash });
  paintLine(frame, points, { color: LIGHT, width: 2, dash });
}

/** Where an outline crosses itself: a red cross in a ring, so that it does not depend on the colour alone. */
export function paintCrossings(frame: PaintFrame, places: readonly Point[]): void {
  const { context, pixelRatio } = frame;
  for (const place of places) {
    const [x, y] = frame.place(place);
    if (!isSeen(frame, [x, y])) continue;
    const size = 5 * pixelRatio;
    context.beginPath();
    context.arc(x, y, 9 * pixelRatio, 0, 2 * Math.PI);
    context.moveTo(x - size, y - size);
    context.lineTo(x + size, y + size);
    context.moveTo(x + size, y - size);
    context.lineTo(x - size, y + size);
    context.lineWidth = 4 * pixelRatio;
    context.strokeStyle = LIGHT;
    context.stroke();
    context.lineWidth = 2.5 * pixelRatio;
    context.strokeStyle = WRONG;
    context.stroke();
  }
}

/** The mark of a snapped pointer: a square on a vertex, a diamond on an edge or on the border of the image. */
export function paintSnap(frame: PaintFrame, snap: Snap | null): void {
  if (!snap || snap.kind === "free") return;
  const { context, pixelRatio } = frame;
  const [x, y] = frame.place(snap.at);
  const half = 7 * pixelRatio;
  context.save();
  context.translate(x, y);
  if (snap.kind !== "vertex") context.rotate(Math.PI / 4);
  for (const [width, color] of [[4.5, DARK], [2.5, "#4cc9f0"]] as const) {
    context.lineWidth = width * pixelRatio;
    context.strokeStyle = color;
    context.strokeRect(-half, -half, 2 * half, 2 * half);
  }
  context.restore();
}

/** The frame that is drawn around vertices to mark them. */
export function paintMarquee(frame: PaintFrame, [minX, minY, maxX, maxY]: Bounds): void {
  paintGuide(frame, [[minX, minY], [maxX, minY], [maxX, maxY], [minX, maxY], [minX, minY]], [5, 4]);
}
