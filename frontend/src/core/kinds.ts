/** What the page must know about a kind of shape. Each folder of `shapes/` provides one; nobody else asks for a shape's name. */
import type { Bench } from "./bench";
import type { Mode } from "./mode";
import type { Skeleton } from "./skeleton";
import type { Bounds, Part, Point, Shape, ShapeType, Size } from "./types";

/** A place on a shape that can be dragged. `key` means something only to the shape's own editor. */
export interface Handle {
  readonly key: string;
  readonly at: Point;
  readonly role: "vertex" | "corner" | "side" | "turn" | "point";
  readonly cursor: string;
}

/** What is drawn while a shape grows or is compared: lines and dots, no meaning. */
export interface Outline {
  readonly lines: readonly (readonly Point[])[];
  readonly dots: readonly Point[];
}

export interface ShapeEditor<S extends Shape> {
  /** Show the handles as soon as the shape is selected; otherwise only in the editing mode. */
  readonly handlesOnSelect: boolean;
  /** `reach` in image pixels, where it is known: for handles that stand off the shape. */
  handles(shape: S, reach?: number): readonly Handle[];
  /** Drag a handle to a point inside the image. */
  drag(shape: S, key: string, to: Point, size: Size, hold?: Hold): S;
  /** Put a vertex on the edge nearest to a point, if one is within reach. */
  insert?(shape: S, at: Point, reach: number): { readonly shape: S; readonly key: string } | null;
  /** Take vertices away; null when the shape would be nothing without them. */
  remove?(shape: S, keys: readonly string[]): S | null;
  /** Move several vertices together, as far as the image goes. */
  shift?(shape: S, keys: readonly string[], by: Point, size: Size): S;
  /** The handle within reach that is nearest, found without looking at all; for shapes of thousands of vertices. */
  nearest?(shape: S, at: Point, reach: number): Handle | null;
  /** Where the outline crosses itself, which it should not; all of it, or where the vertices of these keys are its ends. */
  crossings?(shape: S, keys?: readonly string[]): readonly Point[];
}

/** What is held while a handle is dragged. */
export interface Hold {
  /** Shift: keep the proportions, or turn in steps. */
  readonly constrain: boolean;
  /** Keep the proportions in any case. */
  readonly proportions: boolean;
}

export interface ShapeKind<S extends Shape> {
  readonly type: S["type"];
  /** As a person calls it: "box", "polygon". */
  readonly title: string;
  /** Null when the shape has no place of its own: the whole image. */
  bounds(shape: S): Bounds | null;
  area(shape: S): number;
  /** Inside, or within `reach` of the edge. */
  contains(shape: S, at: Point, reach: number): boolean;
  outline(shape: S): Outline;
  /** What it covers, as polygons; absent where the closed lines of the outline say it. */
  parts?(shape: S): readonly Part[];
  /** Move inside the image; absent where moving makes no sense yet. */
  move?(shape: S, dx: number, dy: number, size: Size): S;
  /** Whether it can be pasted into an image of this size as it is; without it, when its bounds lie inside. */
  fits?(shape: S, size: Size): boolean;
  /** The same shape for a label whose objects have these named points; null when nothing of it would be left. Absent where a label changes no shape. */
  relabeled?(shape: S, skeleton: Skeleton): S | null;
  readonly editor?: ShapeEditor<S>;
}

/** One growing shape. A sketch is a value: every gesture makes the next one. */
export interface Sketch {
  readonly outline: Outline;
  /** The finished shape, when a gesture just finished it. */
  readonly done: Shape | null;
  /** False until something was drawn: then Esc leaves the mode instead of the sketch. */
  readonly begun: boolean;
  press(at: Point, context: SketchContext): Sketch;
  move(at: Point, context: SketchContext): Sketch;
  release(at: Point, context: SketchContext): Sketch;
  click(at: Point, context: SketchContext): Sketch;
  doubleClick(at: Point, context: SketchContext): Sketch;
  back(): Sketch;
  finish(): Sketch;
}

export interface SketchContext {
  readonly size: Size;
  /** How far apart two points must be on screen to be two points, in image pixels. */
  readonly reach: number;
  /** Shift: keep the sides equal, or the angles straight. */
  readonly constrain: boolean;
  readonly alt: boolean;
}

/** What the toolbar, the keys and the mode of a tool need; `name` is unique and names its command and its mode too. */
interface ToolFacts {
  readonly name: string;
  readonly shape: ShapeType;
  readonly title: string;
  /** One line on what the pointer does; a mode may say more at the moment through its overlay. */
  readonly hint: string;
  readonly keys: readonly string[];
  /** SVG path data on a 24 × 24 grid, stroked. */
  readonly icon: string;
  /** Tasks whose campaigns offer it when they do not choose their shapes themselves; the one that it is meant for first. */
  readonly tasks: readonly string[];
  /** Place in the toolbar, lowest first; the first one offered is what N begins before any tool was used. */
  readonly order: number;
}

/** Draws by a sketch: every gesture makes the next one, and the finished shape becomes an annotation. */
export interface SketchTool extends ToolFacts {
  /** The tool takes the drag; otherwise dragging pans and only clicks draw. */
  readonly drags: boolean;
  start(bench: Bench): Sketch;
}

/** More than a sketch: a mode of its own. */
export interface ModeTool extends ToolFacts {
  /** Its lines grow point by point, and may follow edges of the picture. */
  readonly grows?: boolean;
  mode(bench: Bench): Mode;
}

export type DrawTool = SketchTool | ModeTool;

/** Something that can be done to this kind of shape; joins the page's commands, so that its keys can be changed like all others. */
export interface ShapeCommand {
  readonly id: string;
  readonly title: string;
  readonly keys: readonly string[];
  /** Only where this is true is the key used. */
  readonly when: (bench: Bench) => boolean;
  readonly run: (bench: Bench) => void;
}

/** What a folder of `modes/` gives: tools that belong to no shape's own folder, found there by its `index.ts`. */
export interface ToolModule {
  readonly tools: readonly DrawTool[];
  readonly commands: readonly ShapeCommand[];
}

/** What the folder of a shape gives to the page: the default export of its `index.ts`. */
export interface ShapeModule<S extends Shape = Shape> {
  readonly kind: ShapeKind<S>;
  readonly tools?: readonly DrawTool[];
  readonly commands?: readonly ShapeCommand[];
  /** Edit the one selected annotation of this kind in a mode of its own, instead of by handles. */
  edit?(bench: Bench): Mode;
}
