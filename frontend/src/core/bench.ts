/** What a mode may see and do. The session of an image implements it; modes know nothing else. */
import type { Assistant } from "./assistant";
import type { AnnotationDocument } from "./document";
import type { Handle, Outline } from "./kinds";
import type { Selection } from "./selection";
import type { Mode } from "./mode";
import type { PixelReader } from "./pixels";
import type { Ruler } from "./ruler";
import type { Skeleton } from "./skeleton";
import type { ToolSettings } from "./tool-settings";
import type { Annotation, Bounds, Point, Shape, ShapeType, Size } from "./types";

/** What is drawn over the shapes while a mode works. */
export interface Overlay {
  readonly sketch: Outline | null;
  readonly handles: readonly Handle[];
  /** The handle under the pointer, or the one touched last. */
  readonly activeHandle: string | null;
  readonly cursor: string;
  /** What the pointer does at this moment, in place of the tool's own hint. */
  readonly hint?: string;
  /** Draw on the canvas directly, over sketch and handles: for what is too much for lines and dots. */
  readonly paint?: (frame: PaintFrame) => void;
}

/** The canvas of the overlay in one frame. Draw in canvas pixels; `place` says where a point of the image is. */
export interface PaintFrame {
  readonly context: CanvasRenderingContext2D;
  readonly place: (at: Point) => Point;
  /** Canvas pixels in one image pixel. */
  readonly scale: number;
  /** Canvas pixels in one pixel of the page. */
  readonly pixelRatio: number;
  /** A label's colour, "#rrggbb". */
  readonly colorOf: (label: number) => string;
}

export const NO_OVERLAY: Overlay = { sketch: null, handles: [], activeHandle: null, cursor: "default" };

export interface Bench {
  readonly size: Size;
  /** Sizes, tolerances and switches of tools, kept from image to image. */
  readonly settings: ToolSettings;
  /** Who finds outlines; null where there is no server. */
  readonly assistant: Assistant | null;
  /** Lengths and areas of this image: in metres where it says where it lies. */
  readonly ruler: Ruler;
  /** The mode that is alive. */
  readonly alive: Mode;
  /** The label of the next object; null when the campaign has none. */
  label(): number | null;
  /** The named points that objects of a label have; null where they have none. */
  skeleton(label: number): Skeleton | null;
  /** Whether the campaign takes shapes of this type; the server refuses others. */
  takes(type: ShapeType): boolean;
  document(): AnnotationDocument;
  selection(): Selection;
  select(ids: Selection): void;
  hover(id: string | null): void;
  /** Do an action and put it on the history; steps with the same `mergeKey` in a row become one. */
  apply(title: string, action: (document: AnnotationDocument) => AnnotationDocument, mergeKey?: string): void;
  /** Show annotations as they would be, without changing the document. */
  preview(annotations: readonly Annotation[]): void;
  overlay(overlay: Overlay): void;
  /** Ids of the shown and unlocked annotations at a point, the topmost first. */
  hits(at: Point, reach: number): readonly string[];
  /** Annotations that are shown and whose bounds meet these. */
  near(bounds: Bounds): readonly Annotation[];
  /** The lines of an object that vertices of others can be put on; none where its outline is only a picture of it. */
  lines(annotation: Annotation): readonly (readonly Point[])[];
  /** Whether a person may change it now: it is shown and not locked. */
  isFree(id: string): boolean;
  /** Add a shape with the current label and select it; its id, or null without a label. `also` is done in the same step. */
  create(shape: Shape, also?: (document: AnnotationDocument) => AnnotationDocument): string | null;
  /** The picture that is shown, for tools that go by its colours; null before it is. */
  pixels(): PixelReader | null;
  /** An id that no annotation has yet. */
  freshId(): string;
  /** Say something to the person in the hint line. */
  say(text: string): void;
  setMode(name: string): void;
}
