/** The annotation document as it is stored and sent. Pixel space: x right, y down, (0, 0) is the corner of the first pixel. */

export type Point = readonly [x: number, y: number];
/** Closed: the first point is repeated at the end. */
export type Ring = readonly Point[];
/** A shell, then its holes. */
export type Part = readonly Ring[];

/** Every shape by its name. Empty here: each folder of `shapes/` adds its own (declaration merging), so that a new shape is a new folder. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface ShapeTable {}

export type ShapeType = keyof ShapeTable;
export type Shape = ShapeTable[ShapeType];
export type ShapeOf<T extends ShapeType> = ShapeTable[T];

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
  /** Drawing order, 0 when it is not told; higher lies on top. */
  readonly z?: number;
  /** Of several labels of the whole image, the one that counts where one is asked. */
  readonly default?: boolean;
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
