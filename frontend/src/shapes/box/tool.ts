/** Draw a box: drag from corner to corner, or click two corners. */
import { insideImage } from "../../core/geometry";
import type { SketchTool, Outline, Sketch, SketchContext } from "../../core/kinds";
import type { Point, Shape } from "../../core/types";
import { boxBetween, isTooSmall, outline } from "./geometry";

const NO_OUTLINE: Outline = { lines: [], dots: [] };

function square(from: Point, to: Point): Point {
  const side = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]));
  return [from[0] + Math.sign(to[0] - from[0] || 1) * side, from[1] + Math.sign(to[1] - from[1] || 1) * side];
}

class BoxSketch implements Sketch {
  readonly begun: boolean;
  readonly outline: Outline;

  constructor(
    private readonly from: Point | null,
    private readonly to: Point | null,
    readonly done: Shape | null = null,
  ) {
    this.begun = from !== null;
    this.outline = from && to ? outline(boxBetween(from, to)) : NO_OUTLINE;
  }

  press(at: Point, context: SketchContext): Sketch {
    const here = insideImage(at, context.size);
    return this.from ? this.to ? this.stretchedTo(at, context) : this : new BoxSketch(here, here);
  }

  move(at: Point, context: SketchContext): Sketch {
    return this.from ? this.stretchedTo(at, context) : this;
  }

  release(at: Point, context: SketchContext): Sketch {
    if (!this.from) return this;
    const next = this.stretchedTo(at, context);
    // Released where it was pressed: the person clicks two corners instead of dragging.
    if (!next.to || isTooSmall(this.from, next.to, context.reach)) return next;
    return new BoxSketch(null, null, boxBetween(this.from, next.to));
  }

  click(): Sketch {
    return this;
  }

  doubleClick(): Sketch {
    return this;
  }

  back(): Sketch {
    return new BoxSketch(null, null);
  }

  finish(): Sketch {
    if (!this.from || !this.to || isTooSmall(this.from, this.to, 0)) return this;
    return new BoxSketch(null, null, boxBetween(this.from, this.to));
  }

  private stretchedTo(at: Point, context: SketchContext): BoxSketch {
    if (!this.from) return this;
    const to = context.constrain ? square(this.from, at) : at;
    return new BoxSketch(this.from, insideImage(to, context.size));
  }
}

export const boxTool: SketchTool = {
  name: "box",
  shape: "box",
  title: "Box",
  hint: "Drag from corner to corner, or click both. Shift keeps it square; Esc stops.",
  keys: ["B"],
  icon: "M4 4h16v16h-16z",
  tasks: ["detection", "segmentation", "keypoints"],
  order: 10,
  drags: true,
  start: () => new BoxSketch(null, null),
};
