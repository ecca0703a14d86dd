/** Draw a box: drag from corner to corner or click both, click the four extreme points, or draw a turned one by a side and its height. */
import { boundsOf, distance, insideImage } from "../../core/geometry";
import type { Outline, Sketch, SketchContext, SketchTool } from "../../core/kinds";
import type { Point, Shape } from "../../core/types";
import { KEEP_PROPORTIONS } from "../../modes/drag";
import { boxBetween, boxOnSide, isTooSmall, outline } from "./geometry";
import { RATIO } from "./settings";
import type { BoxShape } from "./shape";

const NO_OUTLINE: Outline = { lines: [], dots: [] };

/** The farthest corner towards a point at which width by height is the ratio. */
function inRatio(from: Point, to: Point, ratio: number): Point {
  const width = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]) * ratio);
  return [from[0] + Math.sign(to[0] - from[0] || 1) * width, from[1] + (Math.sign(to[1] - from[1] || 1) * width) / ratio];
}

/** The same towards a point of the image, as far as the image goes. */
function inRatioInside(from: Point, to: Point, ratio: number, { size }: SketchContext): Point {
  const [x, y] = inRatio(from, to, ratio);
  const [width, height] = [x > from[0] ? size.width - from[0] : from[0], y > from[1] ? size.height - from[1] : from[1]];
  const scale = Math.min(1, width / Math.max(Math.abs(x - from[0]), 1e-9), height / Math.max(Math.abs(y - from[1]), 1e-9));
  return [from[0] + (x - from[0]) * scale, from[1] + (y - from[1]) * scale];
}

class BoxSketch implements Sketch {
  readonly begun: boolean;
  readonly outline: Outline;

  constructor(
    private readonly ratio: () => number | null,
    private readonly from: Point | null = null,
    private readonly to: Point | null = null,
    readonly done: Shape | null = null,
  ) {
    this.begun = from !== null;
    this.outline = from && to ? outline(boxBetween(from, to)) : NO_OUTLINE;
  }

  press(at: Point, context: SketchContext): Sketch {
    const here = insideImage(at, context.size);
    return this.from ? this.to ? this.stretchedTo(at, context) : this : new BoxSketch(this.ratio, here, here);
  }

  move(at: Point, context: SketchContext): Sketch {
    return this.from ? this.stretchedTo(at, context) : this;
  }

  release(at: Point, context: SketchContext): Sketch {
    if (!this.from) return this;
    const next = this.stretchedTo(at, context);
    // Released where it was pressed: the person clicks two corners instead of dragging.
    if (!next.to || isTooSmall(this.from, next.to, context.reach)) return next;
    return new BoxSketch(this.ratio, null, null, boxBetween(this.from, next.to));
  }

  click(): Sketch {
    return this;
  }

  doubleClick(): Sketch {
    return this;
  }

  back(): Sketch {
    return new BoxSketch(this.ratio);
  }

  finish(): Sketch {
    if (!this.from || !this.to || isTooSmall(this.from, this.to, 0)) return this;
    return new BoxSketch(this.ratio, null, null, boxBetween(this.from, this.to));
  }

  private stretchedTo(at: Point, context: SketchContext): BoxSketch {
    if (!this.from) return this;
    const ratio = context.constrain ? 1 : this.ratio();
    const to = ratio === null ? at : inRatioInside(this.from, at, ratio, context);
    return new BoxSketch(this.ratio, this.from, insideImage(to, context.size));
  }
}

/** Draws by clicks alone; what the clicks mean is said by two functions. */
interface Clicked {
  readonly count: number;
  readonly aim: (points: readonly Point[], at: Point, constrain: boolean) => Point;
  readonly shape: (points: readonly Point[]) => BoxShape | null;
}

class ClickedSketch implements Sketch {
  readonly begun: boolean;
  readonly outline: Outline;

  constructor(
    private readonly meaning: Clicked,
    private readonly points: readonly Point[] = [],
    private readonly pointer: Point | null = null,
    readonly done: Shape | null = null,
  ) {
    this.begun = points.length > 0;
    const seen = pointer && this.begun ? [...points, pointer] : points;
    const shape = meaning.shape(seen);
    this.outline = { lines: shape ? outline(shape).lines : seen.length === 2 ? [seen] : [], dots: points };
  }

  press(): Sketch {
    return this;
  }

  move(at: Point, context: SketchContext): Sketch {
    return this.begun ? new ClickedSketch(this.meaning, this.points, this.aim(at, context)) : this;
  }

  release(): Sketch {
    return this;
  }

  click(at: Point, context: SketchContext): Sketch {
    const here = this.aim(at, context);
    const last = this.points.at(-1);
    if (last && distance(last, here) < Math.min(1, context.reach / 3)) return this;
    const points = [...this.points, here];
    if (points.length < this.meaning.count) return new ClickedSketch(this.meaning, points, here);
    const shape = this.meaning.shape(points);
    return shape ? new ClickedSketch(this.meaning, [], null, shape) : this;
  }

  doubleClick(): Sketch {
    return this;
  }

  back(): Sketch {
    return new ClickedSketch(this.meaning, this.points.slice(0, -1), this.pointer);
  }

  finish(): Sketch {
    return this;
  }

  private aim(at: Point, { size, constrain }: SketchContext): Point {
    return insideImage(this.meaning.aim(this.points, at, constrain), size);
  }
}

const EXTREMES: Clicked = {
  count: 4,
  aim: (_, at) => at,
  shape(points) {
    const bounds = boundsOf(points);
    if (!bounds || points.length < 2) return null;
    const [minX, minY, maxX, maxY] = bounds;
    return maxX - minX < 0.5 || maxY - minY < 0.5 ? null : boxBetween([minX, minY], [maxX, maxY]);
  },
};

/** Hold the first side to steps of 15 degrees. */
function inSteps([from, ...others]: readonly Point[], at: Point, constrain: boolean): Point {
  if (!constrain || !from || others.length > 0) return at;
  const step = Math.PI / 12;
  const angle = Math.round(Math.atan2(at[1] - from[1], at[0] - from[0]) / step) * step;
  return [from[0] + Math.cos(angle) * distance(from, at), from[1] + Math.sin(angle) * distance(from, at)];
}

const TURNED: Clicked = {
  count: 3,
  aim: inSteps,
  shape([a, b, to]) {
    if (!a || !b || !to || distance(a, b) < 1) return null;
    const box = boxOnSide(a, b, to);
    return box.height < 1 ? null : box;
  },
};

const TASKS = ["detection", "segmentation", "keypoints"];

export const boxTool: SketchTool = {
  name: "box",
  shape: "box",
  title: "Box",
  hint: "Drag from corner to corner, or click both. Shift keeps it square; Esc stops.",
  keys: ["B"],
  icon: "M4 4h16v16h-16z",
  tasks: TASKS,
  order: 10,
  drags: true,
  start: ({ settings }) => new BoxSketch(() => (settings.get(KEEP_PROPORTIONS) ? settings.get(RATIO) : null)),
};

export const extremesTool: SketchTool = {
  name: "box-extremes",
  shape: "box",
  title: "Extreme points",
  hint: "Click the topmost, leftmost, lowest and rightmost point of the object, in any order. Backspace takes one back; Esc stops.",
  keys: ["Shift+B"],
  icon: "M4 4h16v16h-16zM12 3v2M12 19v2M3 12h2M19 12h2",
  tasks: TASKS,
  order: 11,
  drags: false,
  start: () => new ClickedSketch(EXTREMES),
};

export const turnedTool: SketchTool = {
  name: "box-turned",
  shape: "box",
  title: "Turned box",
  hint: "Click both ends of one side, then the opposite side. Shift turns in steps of 15°; Backspace takes one back; Esc stops.",
  keys: ["Alt+B"],
  icon: "M9 3l12 6-6 12-12-6z",
  tasks: ["detection"],
  order: 12,
  drags: false,
  start: () => new ClickedSketch(TURNED),
};
