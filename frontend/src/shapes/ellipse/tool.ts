/** Draw an ellipse: drag the box around it, or click both corners; Shift makes a circle, Alt draws from the centre. */
import { distance, insideImage } from "../../core/geometry";
import type { Outline, Sketch, SketchContext, SketchTool } from "../../core/kinds";
import type { Point, Shape } from "../../core/types";
import { ellipseOf, outline } from "./geometry";
import type { EllipseShape } from "./shape";

const NO_OUTLINE: Outline = { lines: [], dots: [] };
const SMALLEST_RADIUS_PX = 0.5;

/** The ellipse in the box between two corners, or about the first point with Alt. */
export function ellipseBetween(from: Point, to: Point, { constrain, alt }: Pick<SketchContext, "constrain" | "alt">): EllipseShape | null {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  if (alt && constrain) return ellipseOf(from, distance(from, to), distance(from, to));
  if (alt) return ellipseOf(from, dx, dy);
  const side = Math.max(Math.abs(dx), Math.abs(dy));
  const [width, height] = constrain ? [(Math.sign(dx) || 1) * side, (Math.sign(dy) || 1) * side] : [dx, dy];
  return ellipseOf([from[0] + width / 2, from[1] + height / 2], width / 2, height / 2);
}

class EllipseSketch implements Sketch {
  readonly begun: boolean;
  readonly outline: Outline;

  constructor(
    private readonly from: Point | null,
    private readonly shape: EllipseShape | null,
    readonly done: Shape | null = null,
  ) {
    this.begun = from !== null;
    this.outline = shape ? { ...outline(shape), dots: from ? [from] : [] } : NO_OUTLINE;
  }

  press(at: Point, context: SketchContext): Sketch {
    return this.from ? this.stretchedTo(at, context) : new EllipseSketch(insideImage(at, context.size), null);
  }

  move(at: Point, context: SketchContext): Sketch {
    return this.from ? this.stretchedTo(at, context) : this;
  }

  release(at: Point, context: SketchContext): Sketch {
    if (!this.from) return this;
    const next = this.stretchedTo(at, context);
    // Released where it was pressed: the person clicks twice instead of dragging.
    return distance(this.from, at) < context.reach ? next : next.finish();
  }

  click(): Sketch {
    return this;
  }

  doubleClick(): Sketch {
    return this;
  }

  back(): Sketch {
    return new EllipseSketch(null, null);
  }

  finish(): Sketch {
    const { shape } = this;
    return shape && Math.min(shape.rx, shape.ry) >= SMALLEST_RADIUS_PX ? new EllipseSketch(null, null, shape) : this;
  }

  private stretchedTo(at: Point, context: SketchContext): EllipseSketch {
    return new EllipseSketch(this.from, this.from && ellipseBetween(this.from, insideImage(at, context.size), context));
  }
}

export const ellipseTool: SketchTool = {
  name: "ellipse",
  shape: "ellipse",
  title: "Ellipse",
  hint: "Drag the box around it, or click both corners. Shift makes a circle, Alt draws from the centre; Esc stops.",
  keys: ["Shift+E"],
  icon: "M12 5c5 0 9 3 9 7s-4 7-9 7-9-3-9-7 4-7 9-7z",
  tasks: ["detection", "segmentation"],
  order: 30,
  drags: true,
  start: () => new EllipseSketch(null, null),
};
