/** The annotation document as it is stored and sent. Pixel space: x right, y down, (0, 0) is the corner of the first pixel. */

export type Point = readonly [x: number, y: number];
/** Closed: the first point is repeated at the end. */
export type Ring = readonly Point[];
/** A shell, then its holes. */
export type Part = readonly Ring[];

export interface WholeShape {
  readonly type: "whole";
}
export interface BoxShape {
  readonly type: "box";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Degrees clockwise about the centre. */
  readonly rotation: number;
}
export interface PolygonShape {
  readonly type: "polygon";
  readonly polygons: readonly Part[];
}
export interface PolylineShape {
  readonly type: "polyline";
  readonly points: readonly Point[];
}
export interface NamedPoint {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  /** COCO visibility: 0 not labeled, 1 hidden, 2 visible. */
  readonly v: number;
}
export interface PointsShape {
  readonly type: "points";
  readonly points: readonly NamedPoint[];
}
export interface MaskShape {
  readonly type: "mask";
  /** Height, width of the whole image. */
  readonly size: readonly [number, number];
  /** COCO compressed run lengths, column by column. */
  readonly counts: string;
  /** Left, top, width, height; found from the runs when it is not told. */
  readonly bbox?: readonly [number, number, number, number];
}

export type Shape = WholeShape | BoxShape | PolygonShape | PolylineShape | PointsShape | MaskShape;
export type ShapeType = Shape["type"];
export type ShapeOf<T extends ShapeType> = Extract<Shape, { readonly type: T }>;

export interface ModelRef {
  readonly id: number;
  readonly name: string;
  readonly version: string;
}

export interface Annotation {
  readonly id: string;
  readonly label: number;
  readonly shape: Shape;
  readonly origin: "human" | "prediction";
  readonly review: "draft" | "accepted";
  /** A model's probability for this one thing, 0 to 1; null when a person drew it or the model gave none. */
  readonly confidence: number | null;
  readonly model: ModelRef | null;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Left, top, right, bottom in pixel space. */
export type Bounds = readonly [minX: number, minY: number, maxX: number, maxY: number];

/** The smallest change that makes one document out of another. */
export interface Patch {
  readonly upsert: readonly Annotation[];
  readonly delete: readonly string[];
}
