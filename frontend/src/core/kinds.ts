/** What the page must know about a kind of shape. Each folder of `shapes/` provides one; nobody else asks for a shape's name. */
import type { Bounds, Point, Shape, ShapeType, Size } from "./types";

/** A place on a shape that can be dragged. `key` means something only to the shape's own editor. */
export interface Handle {
  readonly key: string;
  readonly at: Point;
  readonly role: "vertex" | "corner" | "side";
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
  handles(shape: S): readonly Handle[];
  /** Drag a handle to a point inside the image. */
  drag(shape: S, key: string, to: Point, size: Size): S;
  /** Put a vertex on the edge nearest to a point, if one is within reach. */
  insert?(shape: S, at: Point, reach: number): { readonly shape: S; readonly key: string } | null;
  /** Take a vertex away; null when the shape would be nothing without it. */
  remove?(shape: S, key: string): S | null;
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
  /** Move inside the image; absent where moving makes no sense yet. */
  move?(shape: S, dx: number, dy: number, size: Size): S;
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
}

export interface DrawTool {
  readonly shape: ShapeType;
  readonly title: string;
  readonly hint: string;
  /** The tool takes the drag; otherwise dragging pans and only clicks draw. */
  readonly drags: boolean;
  start(): Sketch;
}
