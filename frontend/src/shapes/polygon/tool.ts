/** Draw a polygon: a click makes a vertex; the first vertex, a double click or Enter closes it; Backspace takes the last one back. */
import { distance, insideImage } from "../../core/geometry";
import type { SketchTool, Outline, Sketch, SketchContext } from "../../core/kinds";
import type { Point, Shape } from "../../core/types";
import { area, polygonOf } from "./geometry";

const SMALLEST_AREA_PX = 0.25;

/** Hold a line to steps of 45 degrees. */
function straightened(from: Point, to: Point): Point {
  const step = Math.PI / 4;
  const angle = Math.round(Math.atan2(to[1] - from[1], to[0] - from[0]) / step) * step;
  const length = distance(from, to);
  return [from[0] + Math.cos(angle) * length, from[1] + Math.sin(angle) * length];
}

class PolygonSketch implements Sketch {
  readonly begun: boolean;
  readonly outline: Outline;

  constructor(
    private readonly corners: readonly Point[],
    private readonly pointer: Point | null,
    readonly done: Shape | null = null,
  ) {
    this.begun = corners.length > 0;
    this.outline = { lines: corners.length > 0 ? [pointer ? [...corners, pointer] : corners] : [], dots: corners };
  }

  press(): Sketch {
    return this;
  }

  move(at: Point, context: SketchContext): Sketch {
    return this.begun ? new PolygonSketch(this.corners, this.aim(at, context)) : this;
  }

  release(): Sketch {
    return this;
  }

  click(at: Point, context: SketchContext): Sketch {
    const here = this.aim(at, context);
    const [first, last] = [this.corners[0], this.corners.at(-1)];
    if (first && this.corners.length >= 3 && distance(first, at) <= context.reach) return this.finish();
    if (last && distance(last, here) < context.reach / 3) return this;
    return new PolygonSketch([...this.corners, here], here);
  }

  // Its two clicks came first: the vertex is there already.
  doubleClick(): Sketch {
    return this.finish();
  }

  back(): Sketch {
    return new PolygonSketch(this.corners.slice(0, -1), this.pointer);
  }

  finish(): Sketch {
    const shape = polygonOf(this.corners);
    if (this.corners.length < 3 || area(shape) < SMALLEST_AREA_PX) return this;
    return new PolygonSketch([], null, shape);
  }

  private aim(at: Point, context: SketchContext): Point {
    const last = this.corners.at(-1);
    return insideImage(context.constrain && last ? straightened(last, at) : at, context.size);
  }
}

export const polygonTool: SketchTool = {
  name: "polygon",
  shape: "polygon",
  title: "Polygon",
  hint: "Click corners; close with a double click, Enter or the first corner. Backspace takes one back; Esc stops.",
  keys: ["P"],
  icon: "M12 4l8 6-3 10h-10l-3-10z",
  tasks: ["detection", "segmentation"],
  order: 0,
  drags: false,
  start: () => new PolygonSketch([], null),
};
