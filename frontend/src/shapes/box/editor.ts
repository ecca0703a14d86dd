/** The eight handles of a box: corners and sides; the opposite one stays where it is. */
import { clamp, rounded, turned } from "../../core/geometry";
import type { Handle, ShapeEditor } from "../../core/kinds";
import type { Point } from "../../core/types";
import type { BoxShape } from "./shape";
import { centre } from "./geometry";

interface Grip {
  readonly key: string;
  /** Which share of width and height the handle sits at. */
  readonly u: 0 | 0.5 | 1;
  readonly v: 0 | 0.5 | 1;
}

const GRIPS: readonly Grip[] = [
  { key: "nw", u: 0, v: 0 },
  { key: "n", u: 0.5, v: 0 },
  { key: "ne", u: 1, v: 0 },
  { key: "e", u: 1, v: 0.5 },
  { key: "se", u: 1, v: 1 },
  { key: "s", u: 0.5, v: 1 },
  { key: "sw", u: 0, v: 1 },
  { key: "w", u: 0, v: 0.5 },
];

const SMALLEST_PX = 1;

function cursorOf(grip: Grip): string {
  return `${grip.key}-resize`;
}

function place(box: BoxShape, grip: Grip): Point {
  return turned([box.x + grip.u * box.width, box.y + grip.v * box.height], centre(box), box.rotation);
}

function handles(box: BoxShape): readonly Handle[] {
  return GRIPS.map((grip) => ({ key: grip.key, at: place(box, grip), role: grip.u === 0.5 || grip.v === 0.5 ? "side" : "corner", cursor: cursorOf(grip) }));
}

/** Stretch one axis: the end at `share` goes to `to`, the other stays, and neither passes the other. */
function stretched(start: number, length: number, share: 0 | 0.5 | 1, to: number): readonly [number, number] {
  if (share === 0.5) return [start, length];
  const end = start + length;
  if (share === 0) {
    const from = Math.min(to, end - SMALLEST_PX);
    return [from, end - from];
  }
  return [start, Math.max(to, start + SMALLEST_PX) - start];
}

function drag(box: BoxShape, key: string, to: Point): BoxShape {
  const grip = GRIPS.find((candidate) => candidate.key === key);
  if (!grip) return box;
  const middle = centre(box);
  const local = turned(to, middle, -box.rotation);
  const [x, width] = stretched(box.x, box.width, grip.u, local[0]);
  const [y, height] = stretched(box.y, box.height, grip.v, local[1]);
  // The new centre was found in the old box's turned frame: turn it back, so that the opposite corner stays.
  const [cx, cy] = turned([x + width / 2, y + height / 2], middle, box.rotation);
  return { ...box, x: rounded(cx - width / 2), y: rounded(cy - height / 2), width: rounded(width), height: rounded(height) };
}

export const boxEditor: ShapeEditor<BoxShape> = {
  handlesOnSelect: true,
  handles,
  drag: (box, key, to, size) => drag(box, key, [clamp(to[0], 0, size.width), clamp(to[1], 0, size.height)]),
};
