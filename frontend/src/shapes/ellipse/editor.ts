/** The handles of an ellipse: the ends of its axes, whose opposites stay where they are, and one that turns it. */
import { clamp, distance, turned } from "../../core/geometry";
import type { Handle, Hold, ShapeEditor } from "../../core/kinds";
import type { Point, Size } from "../../core/types";
import { centre, degreesOf, ellipseOf, placeAt } from "./geometry";
import type { EllipseShape } from "./shape";

const TURN = "turn";
const SMALLEST_PX = 0.5;
/** How far the turning handle stands off, in reaches. */
const OFF_REACHES = 3.5;
const STEP_DEGREES = 15;
const CURSORS = ["ew-resize", "nwse-resize", "ns-resize", "nesw-resize"] as const;

interface End {
  readonly key: string;
  readonly axis: "rx" | "ry";
  readonly side: 1 | -1;
  /** On the ellipse's own circle. */
  readonly angle: number;
}

const ENDS: readonly End[] = [
  { key: "e", axis: "rx", side: 1, angle: 0 },
  { key: "s", axis: "ry", side: 1, angle: Math.PI / 2 },
  { key: "w", axis: "rx", side: -1, angle: Math.PI },
  { key: "n", axis: "ry", side: -1, angle: -Math.PI / 2 },
];

/** The arrow that lies along the drag, also when the ellipse is turned. */
function cursorOf({ angle }: End, rotation: number): string {
  const degrees = (angle * 180) / Math.PI + rotation;
  return CURSORS[((Math.round(degrees / 45) % 4) + 4) % 4] ?? "move";
}

function handles(ellipse: EllipseShape, reach = 0): readonly Handle[] {
  const ends = ENDS.map((end): Handle => ({ key: end.key, at: placeAt(ellipse, end.angle), role: "side", cursor: cursorOf(end, ellipse.rotation) }));
  const off = reach > 0 ? reach * OFF_REACHES : 12 + ellipse.ry * 0.15;
  return [...ends, { key: TURN, at: turned([ellipse.cx, ellipse.cy - ellipse.ry - off], centre(ellipse), ellipse.rotation), role: "turn", cursor: "grab" }];
}

/** Put the end of an axis somewhere along that axis; the other end stays. With Shift the other axis grows along. */
function stretched(ellipse: EllipseShape, { axis, side }: End, to: Point, proportional: boolean): EllipseShape {
  const local = turned(to, centre(ellipse), -ellipse.rotation);
  const along = axis === "rx" ? local[0] - ellipse.cx : local[1] - ellipse.cy;
  const length = Math.max(2 * SMALLEST_PX, ellipse[axis] + side * along);
  const shift = side * (length / 2 - ellipse[axis]);
  const middle: Point = axis === "rx" ? [ellipse.cx + shift, ellipse.cy] : [ellipse.cx, ellipse.cy + shift];
  const share = proportional ? length / 2 / ellipse[axis] : 1;
  const radii = { rx: ellipse.rx * share, ry: ellipse.ry * share, [axis]: length / 2 };
  return ellipseOf(turned(middle, centre(ellipse), ellipse.rotation), radii.rx, radii.ry, ellipse.rotation) ?? ellipse;
}

export function turnedTo(ellipse: EllipseShape, rotation: number): EllipseShape {
  return { ...ellipse, rotation: degreesOf(rotation) };
}

function drag(ellipse: EllipseShape, key: string, to: Point, size: Size, hold?: Hold): EllipseShape {
  const constrain = hold?.constrain ?? false;
  if (key === TURN) {
    if (distance(to, centre(ellipse)) === 0) return ellipse;
    const degrees = (Math.atan2(to[1] - ellipse.cy, to[0] - ellipse.cx) * 180) / Math.PI + 90;
    return turnedTo(ellipse, constrain ? Math.round(degrees / STEP_DEGREES) * STEP_DEGREES : degrees);
  }
  const end = ENDS.find((candidate) => candidate.key === key);
  return end ? stretched(ellipse, end, [clamp(to[0], 0, size.width), clamp(to[1], 0, size.height)], constrain) : ellipse;
}

export const ellipseEditor: ShapeEditor<EllipseShape> = { handlesOnSelect: true, handles, drag };
