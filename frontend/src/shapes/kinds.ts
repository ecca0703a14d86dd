/** Every kind of shape by name: the one place where a name becomes behaviour. */
import type { DrawTool, ShapeKind } from "../core/kinds";
import type { Shape, ShapeOf, ShapeType } from "../core/types";
import { box } from "./box";
import { boxTool } from "./box/tool";
import { mask } from "./mask";
import { points } from "./points";
import { polygon } from "./polygon";
import { polygonTool } from "./polygon/tool";
import { polyline } from "./polyline";
import { whole } from "./whole";

const KINDS: { readonly [T in ShapeType]: ShapeKind<ShapeOf<T>> } = { whole, box, polygon, polyline, points, mask };

/** The kind of a shape. The cast is sound: the table is keyed by the very name that the shape carries. */
export function kindOf<S extends Shape>(shape: S): ShapeKind<S> {
  return KINDS[shape.type] as unknown as ShapeKind<S>;
}

export function isKnownShape(type: string): type is ShapeType {
  return Object.hasOwn(KINDS, type);
}

/** Tools that draw, by the shape they make. */
export const TOOLS: ReadonlyMap<string, DrawTool> = new Map([boxTool, polygonTool].map((tool) => [tool.shape, tool]));
