/** The handles of a box: corners and sides, whose opposites stay where they are, and one above it that turns it. */
import { clamp, distance, rounded, turned } from "../../core/geometry";
import type { Handle, Hold, ShapeEditor } from "../../core/kinds";
import type { Point, Size } from "../../core/types";
import type { BoxShape } from "./shape";
import { centre, turnedTo } from "./geometry";

type Share = 0 | 0.5 | 1;

interface Grip {
  readonly key: string;
  /** Which share of width and height the handle sits at. */
  readonly u: Share;
  readonly v: Share;
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

const TURN = "turn";
const SMALLEST_PX = 1;
const STEP_DEGREES = 15;
/** How far the turning handle stands off, in reaches. */
const OFF_REACHES = 3.5;
const CURSORS = ["ns-resize", "nesw-resize", "ew-resize", "nwse-resize"] as const;

/** The arrow that lies along the drag, also when the box is turned. */
function cursorOf({ u, v }: Grip, rotation: number): string {
  const degrees = (Math.atan2(u - 0.5, 0.5 - v) * 180) / Math.PI + rotation;
  return CURSORS[((Math.round(degrees / 45) % 4) + 4) % 4] ?? "move";
}

function place(box: BoxShape, u: number, v: number): Point {
  return turned([box.x + u * box.width, box.y + v * box.height], centre(box), box.rotation);
}

function turnHandle(box: BoxShape, reach = 0): Handle {
  const off = reach > 0 ? reach * OFF_REACHES : 10 + box.height * 0.12;
  const at = turned([box.x + box.width / 2, box.y - off], centre(box), box.rotation);
  return { key: TURN, at, role: "turn", cursor: "grab" };
}

function handles(box: BoxShape, reach?: number): readonly Handle[] {
  const grips = GRIPS.map((grip): Handle => ({ key: grip.key, at: place(box, grip.u, grip.v), role: grip.u === 0.5 || grip.v === 0.5 ? "side" : "corner", cursor: cursorOf(grip, box.rotation) }));
  return [...grips, turnHandle(box, reach)];
}

/** How long an axis becomes when the end at `share` goes to `to` and the other stays. */
function stretched(start: number, length: number, share: Share, to: number): number {
  if (share === 0.5) return length;
  return Math.max(SMALLEST_PX, share === 0 ? start + length - to : to - start);
}

/** Keep width by height: a corner follows the pointer on its farther axis, a side takes the other axis along. */
function inProportion(box: BoxShape, grip: Grip, [width, height]: Point): Point {
  const [across, down] = [width / box.width, height / box.height];
  const wanted = grip.u === 0.5 ? down : grip.v === 0.5 ? across : Math.max(across, down);
  const scale = Math.max(wanted, SMALLEST_PX / Math.min(box.width, box.height));
  return [box.width * scale, box.height * scale];
}

/** The most that a box can be scaled by before it leaves the image; turned boxes may stand over the border. */
function room(box: BoxShape, grip: Grip, size: Size): number {
  if (box.rotation !== 0) return Infinity;
  const along = (start: number, length: number, share: Share, limit: number): number => {
    if (share === 1) return (limit - start) / length;
    if (share === 0) return (start + length) / length;
    return (2 * Math.min(start + length / 2, limit - start - length / 2)) / length;
  };
  return Math.min(along(box.x, box.width, grip.u, size.width), along(box.y, box.height, grip.v, size.height));
}

function drag(box: BoxShape, grip: Grip, to: Point, size: Size, keep: boolean): BoxShape {
  const middle = centre(box);
  const local = turned(to, middle, -box.rotation);
  const free: Point = [stretched(box.x, box.width, grip.u, local[0]), stretched(box.y, box.height, grip.v, local[1])];
  const kept = keep ? inProportion(box, grip, free) : free;
  const scale = keep ? Math.min(1, (room(box, grip, size) * box.width) / kept[0]) : 1;
  const [width, height] = [kept[0] * scale, kept[1] * scale];
  // The opposite corner or side stays where it is, in the frame of the box as it was; the middle stays where a side is dragged.
  const left = box.x + (1 - grip.u) * (box.width - width);
  const top = box.y + (1 - grip.v) * (box.height - height);
  const [cx, cy] = turned([left + width / 2, top + height / 2], middle, box.rotation);
  return { ...box, x: rounded(cx - width / 2), y: rounded(cy - height / 2), width: rounded(width), height: rounded(height) };
}

function turn(box: BoxShape, to: Point, size: Size, inSteps: boolean): BoxShape {
  const [cx, cy] = centre(box);
  if (distance([cx, cy], to) === 0) return box;
  const degrees = (Math.atan2(to[0] - cx, cy - to[1]) * 180) / Math.PI;
  return turnedTo(box, inSteps ? Math.round(degrees / STEP_DEGREES) * STEP_DEGREES : degrees, size);
}

const FREE: Hold = { constrain: false, proportions: false };

export const boxEditor: ShapeEditor<BoxShape> = {
  handlesOnSelect: true,
  handles,
  drag(box, key, to, size, hold = FREE) {
    if (key === TURN) return turn(box, to, size, hold.constrain);
    const grip = GRIPS.find((candidate) => candidate.key === key);
    return grip ? drag(box, grip, [clamp(to[0], 0, size.width), clamp(to[1], 0, size.height)], size, hold.constrain || hold.proportions) : box;
  },
};
